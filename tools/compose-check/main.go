// Command compose-check checks a compose file with the reference implementation of the compose
// specification: schema, interpolation, and consistency (undefined services, volumes, networks,
// invalid durations). It needs no container engine.
//
//	compose-check FILE [NAME=value ...]
//
// The pairs replace the environment. The command does not use its own environment.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/compose-spec/compose-go/v2/cli"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: compose-check FILE [NAME=value ...]")
		os.Exit(2)
	}
	if err := check(os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func check(file string, environment []string) error {
	options, err := cli.NewProjectOptions(
		[]string{file},
		cli.WithEnv(environment),
		cli.WithConsistency(true),
		// All profiles, so that it also checks services that are off by default.
		cli.WithProfiles([]string{"*"}),
	)
	if err != nil {
		return err
	}
	_, err = options.LoadProject(context.Background())
	return err
}
