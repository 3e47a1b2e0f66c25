#!/bin/sh
# Places an order with cURL; prints the answer's body and its status.
HOST='https://api.example.com'

curl --silent --show-error --write-out '\n%{http_code}\n' \
  --request POST "$HOST/api/v1/cases/123e4567-e89b-12d3-a456-426614174000" \
  --header 'cv-api-key: YOUR_SECRET_KEY' \
  --header 'Content-Type: application/json' \
  --data '{
  "action": "PLACE_ORDER",
  "idempotencyKey": "unique-order-key-123",
  "order": {
    "shippingAddress": {
      "addressLine1": "123 Main St",
      "city": "San Francisco",
      "state": "CA",
      "country": "US",
      "postalCode": "94105"
    },
    "patientHealthInfo": {
      "allergies": "Penicillin",
      "healthConditions": "Hypertension",
      "currentMedications": "Lisinopril 10mg daily"
    },
    "prescriber": {
      "firstName": "John",
      "lastName": "Smith",
      "title": "Dr.",
      "titleSuffix": "MD",
      "npi": "1234567890",
      "email": "john.smith@example.com",
      "phoneNumber": "+1234567890",
      "address": {
        "addressLine1": "456 Medical Center Dr",
        "city": "San Francisco",
        "state": "CA",
        "country": "US",
        "postalCode": "94102"
      }
    },
    "diagnosis": "Hypertension",
    "pharmacyId": "pharmacy-123",
    "dateWritten": "2024-01-15",
    "prescriptionItems": [
      {
        "drugId": "drug-456",
        "direction": "Take 1 tablet daily with food",
        "quantity": "30",
        "refillCount": 3,
        "supplyDays": 30
      }
    ]
  }
}'
