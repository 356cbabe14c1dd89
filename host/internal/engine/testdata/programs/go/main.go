// A program that uses much of Go's runtime and library, and prints what it finds.
package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

func main() {
	for _, part := range []func(){numbers, text, sorting, goroutines, panics, memory, compression} {
		part()
	}
	fmt.Println("done")
	os.Exit(3)
}

func numbers() {
	for _, f := range []float64{0.1, 1e300, math.Pi, math.Copysign(0, -1), math.SmallestNonzeroFloat64, math.Inf(1)} {
		fmt.Println(f, float32(f), math.Sqrt(f), math.Sin(f), strconv.FormatFloat(f, 'x', -1, 64))
	}
	n := big.NewInt(1)
	for i := int64(1); i <= 200; i++ {
		n.Mul(n, big.NewInt(i))
	}
	fmt.Println(n, new(big.Int).Exp(big.NewInt(3), n, big.NewInt(1_000_000_007)))
	var primes []int
	for i := 2; i < 2000; i++ {
		if big.NewInt(int64(i)).ProbablyPrime(3) {
			primes = append(primes, i)
		}
	}
	fmt.Println(primes)
}

func text() {
	value := map[string]any{"a": []int{1, 2}, "b": map[string]float64{"x": 1.5, "y": -2e-7}, "c": "ä\u2028<>&"}
	out, err := json.MarshalIndent(value, "", "\t")
	fmt.Println(string(out), err)
	var back any
	fmt.Println(json.Unmarshal(out, &back), back)
	fmt.Println(regexp.MustCompile(`(a+)(b|c)*?d`).FindAllStringSubmatchIndex(strings.Repeat("aabcbdxaad", 20), -1))
	fmt.Printf("%x\n", sha256.Sum256(bytes.Repeat([]byte("wasgi"), 10_000)))
}

func sorting() {
	seed := uint32(1)
	values := make([]uint32, 20_000)
	for i := range values {
		seed = seed*1664525 + 1013904223
		values[i] = seed >> 8
	}
	slices.Sort(values)
	fmt.Println(values[0], values[100], values[len(values)-1], slices.IsSorted(values))
	counts := map[uint32]int{}
	for _, v := range values {
		counts[v%97]++
	}
	for k, n := range counts { // in an order that the runtime draws
		fmt.Print(k, ":", n, " ")
	}
	fmt.Println()
}

func goroutines() {
	jobs, results := make(chan int), make(chan int, 8)
	var group sync.WaitGroup
	for range 10 {
		group.Go(func() {
			for n := range jobs {
				results <- n * n
			}
		})
	}
	go func() {
		for i := range 1000 {
			jobs <- i
		}
		close(jobs)
		group.Wait()
		close(results)
	}()
	sum := 0
	for n := range results {
		sum += n
	}
	select {
	case <-time.After(time.Millisecond):
		fmt.Println("later", sum)
	case <-results:
		fmt.Println("closed", sum)
	}
}

func panics() {
	attempt := func(name string, f func()) {
		defer func() {
			r := recover()
			_, isRuntime := r.(runtime.Error)
			fmt.Println(name, r, isRuntime)
		}()
		f()
	}
	var none []int
	var null *struct{ n int }
	zero := len(none)
	attempt("index", func() { fmt.Println(none[5]) })
	attempt("nil", func() { fmt.Println(null.n) })
	attempt("division", func() { fmt.Println(1 / zero) })
	attempt("own", func() { panic(errors.Join(io.EOF, fmt.Errorf("%w", os.ErrNotExist))) })
	_, err := os.Open("/nowhere")
	fmt.Println(err)
	fmt.Println(deep(3_000))
}

func deep(n int) int {
	if n == 0 {
		return 0
	}
	var frame [16]int
	frame[n%16] = n
	return deep(n-1) + frame[n%16]%3
}

func memory() {
	type tree struct{ left, right *tree }
	var grow func(int) *tree
	grow = func(n int) *tree {
		if n == 0 {
			return nil
		}
		return &tree{grow(n - 1), grow(n - 1)}
	}
	var count func(*tree) int
	count = func(t *tree) int {
		if t == nil {
			return 0
		}
		return 1 + count(t.left) + count(t.right)
	}
	for range 10 {
		fmt.Print(count(grow(14)), " ")
	}
	runtime.GC()
	large := bytes.Repeat([]byte("0123456789"), 500_000)
	copy(large[3:], large)
	clear(large[1000:4_000_000])
	fmt.Printf("%x\n", sha256.Sum256(large))
}

func compression() {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	for i := range 20_000 {
		fmt.Fprintln(w, "line", i, i*i)
	}
	w.Close()
	fmt.Printf("%d %x\n", packed.Len(), sha256.Sum256(packed.Bytes()))
	r, err := gzip.NewReader(&packed)
	fmt.Println(err)
	back, err := io.ReadAll(r)
	fmt.Println(len(back), err)
}
