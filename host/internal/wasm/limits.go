package wasm

import "math"

// Limits bounds what is accepted. Each stands for itself: a module is refused at the first one that it passes. Browsers'
// limits (https://webassembly.github.io/spec/js-api/#limits) are named where ours are lower.
type Limits struct {
	// ModuleSize is the length of the file, in bytes.
	ModuleSize int
	// Types counts function types (browsers: 1,000,000).
	Types int
	// TypeValues counts the parameters and results of all types together. The compiler keeps more than 8 bytes for each.
	TypeValues int
	// Params and Results count those of one type (browsers: 1,000 each).
	Params, Results int
	// Functions counts imported and defined ones together (browsers: 1,000,000).
	Functions int
	// Imports and Exports count entries (browsers: 1,000,000 each).
	Imports, Exports int
	// Globals counts entries (browsers: 1,000,000).
	Globals int
	// Tables counts entries (browsers: 100,000).
	Tables int
	// TableEntries bounds the sum of the tables' minima, and the maximum of a table that code may grow (browsers:
	// 10,000,000 a table). An entry takes 8 bytes of the host as soon as the module is instantiated.
	TableEntries int
	// MemoryPages bounds the memory's minimum, in pages of 64 KiB (browsers: 65,536).
	MemoryPages int
	// ElementSegments counts segments, Elements the entries of all together (browsers: 10,000,000 each). The compiler keeps
	// about 40 bytes for an entry that takes one byte in the file.
	ElementSegments, Elements int
	// DataSegments counts segments (browsers: 100,000).
	DataSegments int
	// CustomSections counts sections, and the subsections of a name section.
	CustomSections int
	// NameLength bounds every name, in bytes (browsers: 100,000).
	NameLength int
	// LocalNames bounds how many functions have names for their locals: the runtime looks each up by going through all.
	LocalNames int
	// Locals counts the parameters and locals of one function, AllLocals those of all functions together. A declaration of
	// six bytes makes 2^32 of them, and the compiler keeps 8 bytes for each.
	Locals, AllLocals int
	// BodySize is the length of one function's code, in bytes (browsers: 7,654,321).
	BodySize int
	// Nesting is how deep blocks may lie in one another.
	Nesting int
	// BranchTargets counts the labels of one br_table (browsers: 65,520).
	BranchTargets int
	// FunctionCost and ModuleCost bound the estimated compile time of one function and of all together; see the type cost.
	FunctionCost, ModuleCost int
}

// DefaultLimits is what an app may have unless somebody says otherwise. Why these: figures of wazero v1.12.0 on one 2 GHz core.
//
//   - Code without branches compiles at about 1.5 s a MiB, so the longest allowed body takes about 3 s.
//   - FunctionCost 2,000,000 stands for 2 to 20 s in the worst shapes known; see the type cost. The largest function of the Go
//     samples has 40,000, that of CRuby 3.3 830,000; all of CRuby's, 16 MB, have 26,000,000.
//   - Nesting 4,096: blocks as such cost little: 4,000 in one another take 1 s. Go's compiler emits one for each place that a
//     function may resume at: the samples reach 549, CRuby 608. Loops in loops cost much, and the cost counts them by their
//     depth: 256 are refused as soon as 53 locals live through them.
//   - 65,520 labels of one br_table take 1 s; the cost counts each.
//   - AllLocals 5,000,000 take 40 MB, Elements 1,000,000 take 40 MB, TypeValues 1,000,000 take 20 MB.
func DefaultLimits() Limits {
	return Limits{
		ModuleSize:      64 << 20,
		Types:           100_000,
		TypeValues:      1_000_000,
		Params:          1_000,
		Results:         1_000,
		Functions:       200_000,
		Imports:         4_096,
		Exports:         20_000,
		Globals:         50_000,
		Tables:          100,
		TableEntries:    1_000_000,
		MemoryPages:     16_384,
		ElementSegments: 50_000,
		Elements:        1_000_000,
		DataSegments:    100_000,
		CustomSections:  1_000,
		NameLength:      65_536,
		LocalNames:      20_000,
		Locals:          50_000,
		AllLocals:       5_000_000,
		BodySize:        2 << 20,
		Nesting:         4_096,
		BranchTargets:   65_520,
		FunctionCost:    2_000_000,
		ModuleCost:      100_000_000,
	}
}

// unlimited is for what has been checked before.
func unlimited() Limits {
	const most = math.MaxInt
	return Limits{Nesting: most, BranchTargets: most, TableEntries: most}
}
