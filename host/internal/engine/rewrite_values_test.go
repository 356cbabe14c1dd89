package engine_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
)

// specValue is an argument or a result in a script of the test suite: a number, a list of lanes, or nothing for any reference.
type specValue struct {
	Type     string
	LaneType string `json:"lane_type"`
	Value    any
}

// lanes returns the values' type and texts; a number is one lane.
func (v specValue) lanes() (kind string, texts []string) {
	switch value := v.Value.(type) {
	case string:
		return v.Type, []string{value}
	case []any:
		for _, lane := range value {
			texts = append(texts, lane.(string))
		}
		return v.LaneType, texts
	}
	return v.Type, []string{""}
}

func width(kind string) int {
	switch kind {
	case "i8":
		return 8
	case "i16":
		return 16
	case "i32", "f32":
		return 32
	}
	return 64
}

// bits packs the lanes, the first into the lowest bits.
func (v specValue) bits() []uint64 {
	kind, texts := v.lanes()
	packed := make([]uint64, (len(texts)*width(kind)+63)/64)
	for i, text := range texts {
		at := i * width(kind)
		packed[at/64] |= laneBits(kind, text) << (at % 64)
	}
	return packed
}

// laneBits is the number that the text stands for. Floating-point numbers are written as their bits, references as numbers that
// are one less than what the runtime is given for them: 0 is null there.
func laneBits(kind, text string) uint64 {
	if text == "" || text == "null" {
		return 0
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if signed, signedErr := strconv.ParseInt(text, 10, 64); err != nil && signedErr == nil {
		n, err = uint64(signed), nil
	}
	if err != nil {
		panic(fmt.Sprintf("%s of type %s: %v", text, kind, err))
	}
	if strings.HasSuffix(kind, "ref") {
		n++
	}
	return n & (1<<width(kind) - 1)
}

// match reports whether results are what is expected.
func match(expected []specValue, results []uint64) bool {
	for _, want := range expected {
		kind, texts := want.lanes()
		for i, text := range texts {
			at := i * width(kind)
			if at/64 >= len(results) || !matchLane(kind, text, results[at/64]>>(at%64)&(1<<width(kind)-1)) {
				return false
			}
		}
		results = results[(len(texts)*width(kind)+63)/64:]
	}
	return len(results) == 0
}

func matchLane(kind, text string, got uint64) bool {
	quiet := uint64(0x7ff8_0000_0000_0000)
	sign := uint64(1) << 63
	if width(kind) == 32 {
		quiet, sign = 0x7fc0_0000, 1<<31
	}
	switch text {
	case "": // any reference
		return true
	case "nan:canonical":
		return got&^sign == quiet
	case "nan:arithmetic":
		return got&quiet == quiet
	}
	return got == laneBits(kind, text)
}

func TestSpecValues(t *testing.T) {
	t.Parallel()
	lanes := func(texts ...any) any { return texts }
	for _, c := range []struct {
		want  specValue
		got   []uint64
		match bool
	}{
		{specValue{"i32", "", "4294967295"}, []uint64{1<<32 - 1}, true},
		{specValue{"i32", "", "-1"}, []uint64{1<<32 - 1}, true},
		{specValue{"i32", "", "1"}, []uint64{2}, false},
		{specValue{"i32", "", "1"}, nil, false},
		{specValue{"i32", "", "1"}, []uint64{1, 1}, false},
		{specValue{"f32", "", "nan:canonical"}, []uint64{0xffc0_0000}, true},
		{specValue{"f32", "", "nan:canonical"}, []uint64{0x7fc0_0001}, false},
		{specValue{"f32", "", "nan:arithmetic"}, []uint64{0x7fc0_0001}, true},
		{specValue{"f64", "", "nan:arithmetic"}, []uint64{0x7ff0_0000_0000_0001}, false},
		{specValue{"f64", "", "0"}, []uint64{1 << 63}, false},
		{specValue{"externref", "", "0"}, []uint64{1}, true},
		{specValue{"externref", "", "null"}, []uint64{0}, true},
		{specValue{"funcref", "", nil}, []uint64{0xc000_1000}, true},
		{specValue{"v128", "i32", lanes("1", "2", "3", "4")}, []uint64{2<<32 | 1, 4<<32 | 3}, true},
		{specValue{"v128", "i32", lanes("1", "2", "3", "5")}, []uint64{2<<32 | 1, 4<<32 | 3}, false},
		{specValue{"v128", "f64", lanes("nan:canonical", "1")}, []uint64{0xfff8 << 48, 1}, true},
	} {
		if got := match([]specValue{c.want}, c.got); got != c.match {
			t.Errorf("%v against %#x: %t", c.want, c.got, got)
		}
	}
}
