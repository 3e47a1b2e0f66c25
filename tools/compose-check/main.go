// Command compose-check judges a compose file by the reference implementation of the compose
// specification: schema, interpolation, and consistency (undefined services, volumes, networks,
// bad durations). It needs no container engine.
//
//	compose-check FILE [NAME=value ...]
//
// The pairs stand for the environment; the process's own is not used.
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
		// All profiles: a service that is off by default is checked too.
		cli.WithProfiles([]string{"*"}),
	)
	if err != nil {
		return err
	}
	_, err = options.LoadProject(context.Background())
	return err
}
