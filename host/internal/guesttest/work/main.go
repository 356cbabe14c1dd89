//go:build wasip1

// Command work is a guest of the benchmarks: what a busy web app written in Go does, without a request around it.
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
)

func main() {}

type item struct {
	ID    int               `json:"id"`
	Name  string            `json:"name"`
	Tags  []string          `json:"tags"`
	Attrs map[string]string `json:"attrs"`
	Price float64           `json:"price"`
}

var (
	items []item
	text  []byte
	word  = regexp.MustCompile(`([a-z]+)-(\d+)`)
)

func init() {
	for i := range 50 {
		items = append(items, item{i, fmt.Sprintf("item-%d", i), []string{"a", "b", "c"},
			map[string]string{"colour": "red", "size": fmt.Sprint(i)}, float64(i) * 1.25})
	}
	text = bytes.Repeat([]byte("some words and item-12345 among them; "), 50)
}

//go:wasmexport json
func doJSON(n int32) int32 {
	total := 0
	for range n {
		encoded, err := json.Marshal(items)
		var back []item
		if err == nil {
			err = json.Unmarshal(encoded, &back)
		}
		if err != nil {
			panic(err)
		}
		total += len(back)
	}
	return int32(total)
}

//go:wasmexport sha256
func doSHA256(n int32) int32 {
	var sum [32]byte
	block := make([]byte, 64<<10)
	for range n {
		sum = sha256.Sum256(block)
		copy(block, sum[:])
	}
	return int32(sum[0])
}

//go:wasmexport sort
func doSort(n int32) int32 {
	numbers := make([]int, 10_000)
	for range n {
		seed := uint32(1)
		for i := range numbers {
			seed = seed*1664525 + 1013904223
			numbers[i] = int(seed >> 8)
		}
		slices.Sort(numbers)
	}
	return int32(numbers[0])
}

//go:wasmexport regexp
func doRegexp(n int32) int32 {
	total := 0
	for range n {
		total += len(word.FindAllSubmatch(text, -1))
	}
	return int32(total)
}
