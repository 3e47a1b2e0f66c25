/** The groups of routes. */
export const TAGS = [
  { name: 'Orders', description: 'Prescription orders of patient cases.' },
  { name: 'Cases', description: 'Patient cases, which orders are placed for.' },
  { name: 'Documents', description: 'Prescription documents of completed orders.' },
  { name: 'Pharmacies', description: 'What pharmacies tell us.' },
  { name: 'Notifications', description: 'What we tell the organization, and where.' },
  { name: 'Operation', description: 'For load balancers and operators.' },
];
