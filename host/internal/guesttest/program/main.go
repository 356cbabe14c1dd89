// Command program is a plain program that speaks CGI: it knows nothing of wasgi. What it does depends on the path: /env writes
// arguments and environment, /echo the request's body, /count its length; /fail exits with 3, and everything else says hello.
package main

import (
	"fmt"
	"io"
	"os"
)

func main() {
	path := os.Getenv("PATH_INFO")
	if path == "/fail" {
		os.Exit(3)
	}
	fmt.Print("Content-Type: text/plain\n\n")
	switch path {
	case "/env":
		for _, arg := range os.Args {
			fmt.Println("arg:", arg)
		}
		for _, entry := range os.Environ() {
			fmt.Println(entry)
		}
	case "/echo":
		check(io.Copy(os.Stdout, os.Stdin))
	case "/count":
		n := check(io.Copy(io.Discard, os.Stdin))
		fmt.Println(n)
	default:
		fmt.Println("hello")
	}
}

func check(n int64, err error) int64 {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return n
}
