// SPDX-License-Identifier: Apache-2.0

// cni-result - what libcni makes of a result: reads one on stdin, decodes it with libcni's own types
// for the version it names, converts it, and prints it as libcni would hand it on
//
//	cni-result VERSION <RESULT
//
// What a runtime would lose is not in the output. Exit status 1: libcni refuses the result, or cannot
// convert it; 2: usage.
package main

import (
	"fmt"
	"io"
	"os"

	"github.com/containernetworking/cni/pkg/types/create"
)

func convert(version string, in io.Reader, out io.Writer) error {
	given, err := io.ReadAll(in)
	if err != nil {
		return fmt.Errorf("read stdin: %w", err)
	}
	result, err := create.CreateFromBytes(given)
	if err != nil {
		return fmt.Errorf("decode the result: %w", err)
	}
	converted, err := result.GetAsVersion(version)
	if err != nil {
		return fmt.Errorf("convert the result from %s to %s: %w", result.Version(), version, err)
	}
	if err := converted.PrintTo(out); err != nil {
		return fmt.Errorf("print the result as %s: %w", version, err)
	}
	_, err = fmt.Fprintln(out)
	return err
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: cni-result VERSION <RESULT")
		os.Exit(2)
	}
	if err := convert(os.Args[1], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "cni-result: %v\n", err)
		os.Exit(1)
	}
}
