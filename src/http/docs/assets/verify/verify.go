// WEBHOOK_SECRET=whsec_… go run verify.go ID TIMESTAMP SIGNATURES <body
package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"log"
	"os"
	"strconv"
	"strings"
	"time"
)

func isGenuine(secret, id, timestamp, signatures string, body []byte) bool {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		return false
	}
	hash := hmac.New(sha256.New, key)
	fmt.Fprintf(hash, "%s.%s.", id, timestamp)
	hash.Write(body)
	expected := "v1," + base64.StdEncoding.EncodeToString(hash.Sum(nil))
	matches := false
	for _, given := range strings.Split(signatures, " ") {
		matches = matches || hmac.Equal([]byte(given), []byte(expected))
	}
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	age := time.Since(time.Unix(seconds, 0)).Abs()
	return matches && err == nil && age <= 5*time.Minute
}

func main() {
	body, err := io.ReadAll(os.Stdin) // The raw bytes, before any parsing.
	if err != nil || len(os.Args) != 4 {
		log.Fatal("usage: verify ID TIMESTAMP SIGNATURES <body")
	}
	if !isGenuine(os.Getenv("WEBHOOK_SECRET"), os.Args[1], os.Args[2], os.Args[3], body) {
		fmt.Println("forged or too old")
		os.Exit(1)
	}
	fmt.Println("genuine")
}
