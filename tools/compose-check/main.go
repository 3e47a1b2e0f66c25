// Command compose-check checks a compose file, or several that are merged, with the reference implementation of the compose
// specification: schema, interpolation, and consistency (undefined services, volumes, networks,
// invalid durations). It needs no container engine.
//
//	compose-check FILE [FILE ...] [NAME=value ...]
//
// The pairs replace the environment. The command does not use its own environment.
package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/compose-spec/compose-go/v2/cli"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: compose-check FILE [FILE ...] [NAME=value ...]")
		os.Exit(2)
	}
	var files, environment []string
	for _, argument := range os.Args[1:] {
		if strings.Contains(argument, "=") {
			environment = append(environment, argument)
		} else {
			files = append(files, argument)
		}
	}
	if err := check(files, environment); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func check(files []string, environment []string) error {
	options, err := cli.NewProjectOptions(
		files,
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
