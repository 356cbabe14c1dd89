// Package wasm reads core WebAssembly modules strictly and within limits, before any compiler sees them: what is accepted has
// sizes and counts that are true, indices that exist, blocks that nest, and a compile time that is bounded.
//
// It knows WebAssembly 2.0: the first version with sign extension, saturating conversions, multiple values, bulk memory,
// reference types and SIMD. Later features are recognised and refused by name. Operand types are not checked: the compiler
// does that, and safely.
//
// Nothing here keeps state between calls, so everything may be called concurrently.
package wasm

// SectionID is the byte that a section begins with.
type SectionID byte

const (
	SectionCustom SectionID = iota
	SectionType
	SectionImport
	SectionFunction
	SectionTable
	SectionMemory
	SectionGlobal
	SectionExport
	SectionStart
	SectionElement
	SectionCode
	SectionData
	SectionDataCount
)

// String is the section's name as errors have it.
func (id SectionID) String() string {
	if all := rules(); int(id) < len(all) {
		return all[id].name
	}
	return "unknown"
}

// ExternKind says what an import or an export is.
type ExternKind byte

const (
	ExternFunction ExternKind = iota
	ExternTable
	ExternMemory
	ExternGlobal
)

var externNames = [...]string{"function", "table", "memory", "global"}

// String is the kind's word in the text format, "func" spelled out.
func (k ExternKind) String() string { return externNames[k] }

// Range is a part of the file: offsets in bytes, End exclusive.
type Range struct{ Start, End int }

// Len is how many bytes the range holds.
func (r Range) Len() int { return r.End - r.Start }

// Module is a module that was read and found valid. It must not be changed. The file's bytes must not change either.
type Module struct {
	// Data is the whole file.
	Data []byte
	// Sections lists all sections in the file's order; the ranges exclude the byte and the length before them.
	Sections []Section
	Types    []FuncType
	// Imports are functions only: other imports are refused. The n-th has function index n.
	Imports []Import
	// Functions holds the type index of each function the module defines; their indices follow the imports'.
	Functions []uint32
	Tables    []Table
	// Memory is nil for a module without one.
	Memory  *Memory
	Globals []Global
	Exports []Export
	// Start is the index of the start function, -1 for none.
	Start    int
	Elements []Element
	// DataCount is what the data count section says, -1 without one.
	DataCount int
	DataSegs  []DataSegment
	// Code holds the bodies of Functions, in their order.
	Code   []Code
	Custom []CustomSection
	// Fresh lists what keeps an instance from being brought back to an earlier state from outside; empty for most modules.
	Fresh []FreshReason
	// Cost is the estimated compile time, in the units of [Limits].ModuleCost.
	Cost int

	names    map[byte]Range      // subsections of the name section
	declared map[uint32]struct{} // functions that code may take a reference of
}

// Section is one section of the file.
type Section struct {
	ID SectionID
	Range
}

// Import is one imported function.
type Import struct {
	Module, Name string
	// Type is an index into Types.
	Type uint32
}

// Table is one table. Max is -1 where none is declared.
type Table struct {
	Type     ValueType
	Min, Max int
}

// PageSize is that of linear memory, in bytes.
const PageSize = 64 << 10

// Memory gives the memory's size in pages of 64 KiB. Max is -1 where none is declared.
type Memory struct {
	Min, Max int
}

// Global is one global that the module defines.
type Global struct {
	Type    ValueType
	Mutable bool
	Init    ConstExpr
}

// ConstExpr is an initialiser: one instruction and an end, both within Range.
type ConstExpr struct {
	// Op is the instruction's first byte: 0x41 to 0x44 for a constant, 0xd0 ref.null, 0xd2 ref.func, 0xfd v128.const.
	Op byte
	// Value is the constant of an i32.const or i64.const, or the index of a ref.func.
	Value int64
	Range
}

// Export is one export; Index counts in the space that Kind names.
type Export struct {
	Name  string
	Kind  ExternKind
	Index uint32
}

// Mode says when a segment is applied.
type Mode byte

const (
	// ModeActive: at instantiation. ModePassive: by an instruction. ModeDeclarative: never, it only declares references.
	ModeActive Mode = iota
	ModePassive
	ModeDeclarative
)

// Element is one element segment.
type Element struct {
	// Flags is the encoding, 0 to 7: bit 0 not active, bit 1 explicit table or declarative, bit 2 expressions for indices.
	Flags byte
	Mode  Mode
	Table uint32
	Type  ValueType
	// Offset is where an active segment goes.
	Offset ConstExpr
	Count  int
	// Items holds the entries, without their count: function indices, or constant expressions if Flags has bit 2.
	Items Range
}

// DataSegment is one data segment; Bytes holds its content, without the length.
type DataSegment struct {
	Mode   Mode
	Offset ConstExpr
	Bytes  Range
}

// Code is one function's body.
type Code struct {
	// Range covers the declarations of locals and the instructions, without the length before them.
	Range
	// Body is where the instructions begin.
	Body int
	// Locals counts declared locals, parameters not included.
	Locals int
}

// CustomSection is one custom section; the range covers what follows its name.
type CustomSection struct {
	Name string
	Range
}

// FunctionCount is the size of the function index space.
func (m *Module) FunctionCount() int { return len(m.Imports) + len(m.Functions) }

// FunctionType is the type of the function with that index, which must exist.
func (m *Module) FunctionType(index uint32) FuncType {
	if int(index) < len(m.Imports) {
		return m.Types[m.Imports[index].Type]
	}
	return m.Types[m.Functions[int(index)-len(m.Imports)]]
}
