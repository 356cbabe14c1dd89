package host

// Inspection is what [Inspect] tells of a file. Its JSON form is stable: fields may be added, but none changes its name or
// its meaning. Sizes and offsets are bytes; a null stands for what a module does not declare, or what is not known.
type Inspection struct {
	// File is the path as it was given.
	File string `json:"file"`
	Size int64  `json:"size"`
	// SHA256 is in hexadecimal; "" if the file was too large to be read.
	SHA256 string `json:"sha256"`
	// Manifest is the name of the manifest beside the file, "" if there is none.
	Manifest string `json:"manifest"`
	// Kind is the kind of guest that the file is taken for, "" for none. Why says what made it so, or why no kind takes it.
	Kind string `json:"kind"`
	Why  string `json:"why"`
	// Refusals are why the file cannot be served; none if it can be, unless the compiler or its first instance finds fault.
	Refusals []Refusal `json:"refusals"`
	// Limits are those that the file is held to.
	Limits InspectionLimits `json:"limits"`
	// Isolation is what the app's settings ask for: request, instance or fresh. Module.Fresh says what stands against it.
	Isolation string `json:"isolation"`
	// Module is nil for what is no core WebAssembly module.
	Module *ModuleFacts `json:"module"`
}

// Refusal is one reason why a file cannot be served.
type Refusal struct {
	// Kind is "malformed", "limit", "unsupported" or "forbidden" if reading the module failed, "size" if the file is too large,
	// "unknown" if no kind of guest takes it, and else "contract": an import that nothing provides, an export that is missing.
	Kind string `json:"kind"`
	// Message is the whole reason in words, with place and limit.
	Message string `json:"message"`
	// Section, Item and Offset say where reading failed; Offset is null if it did not.
	Section string `json:"section,omitempty"`
	Item    string `json:"item,omitempty"`
	Offset  *int   `json:"offset"`
}

// InspectionLimits are the limits that a file is held to before it runs.
type InspectionLimits struct {
	// Module caps the file, Memory an instance's memory, in bytes. Tables caps the entries of all tables.
	Module int64 `json:"module"`
	Memory int64 `json:"memory"`
	Tables int   `json:"tables"`
	// CompileCost caps the estimated cost of compiling all functions.
	CompileCost int `json:"compile_cost"`
}

// ModuleFacts is what a core WebAssembly module says of itself.
type ModuleFacts struct {
	// Complete says that the module was read to its end and found valid. If not, what follows holds for the sections before
	// the one that was refused, and only Sections goes beyond.
	Complete bool `json:"complete"`
	// Toolchain names what built the module, as far as Producers tell.
	Toolchain string           `json:"toolchain"`
	Producers []ModuleProducer `json:"producers"`
	Imports   []ModuleImport   `json:"imports"`
	Exports   []ModuleExport   `json:"exports"`
	Functions ModuleFunctions  `json:"functions"`
	Memory    *ModuleMemory    `json:"memory"`
	Tables    []ModuleTable    `json:"tables"`
	Globals   ModuleGlobals    `json:"globals"`
	Elements  ModuleElements   `json:"elements"`
	Data      ModuleData       `json:"data"`
	Start     *ModuleFunction  `json:"start"`
	Fresh     []FreshReason    `json:"fresh"`
	Compile   *CompileCost     `json:"compile"`
	Rewrite   *ModuleRewrite   `json:"rewrite"`
	Sections  []ModuleSection  `json:"sections"`
}

// ModuleProducer is one tool that had a hand in a module.
type ModuleProducer struct {
	// Field is "language", "processed-by" or "sdk".
	Field   string `json:"field"`
	Name    string `json:"name"`
	Version string `json:"version"`
}

// ModuleImport is what a file imports from one host module.
type ModuleImport struct {
	Module string `json:"module"`
	// Access says what it takes to be given the module: "always" for nothing, "unknown" if this host has no such module.
	Access    string             `json:"access"`
	Functions []ImportedFunction `json:"functions"`
}

// ImportedFunction is one imported function.
type ImportedFunction struct {
	Name string `json:"name"`
	Type string `json:"type"`
	// Provided says that this host has a function of that name and type; Offered is the type that it has, "" for none.
	Provided bool   `json:"provided"`
	Offered  string `json:"offered"`
}

// ModuleExport is one export of a module.
type ModuleExport struct {
	Name string `json:"name"`
	// Kind is "function", "memory", "table" or "global".
	Kind  string `json:"kind"`
	Index int    `json:"index"`
	// Type is that of a function, such as (i32) -> (i64), of a table's entries or of a global, "" of a memory.
	Type string `json:"type"`
	// Use says what the kind of guest does with the export; "" for nothing.
	Use string `json:"use"`
}

// ModuleFunctions counts a module's functions.
type ModuleFunctions struct {
	Imported int `json:"imported"`
	Defined  int `json:"defined"`
}

// ModuleMemory is how large a memory is at first, and how large it may become at most: null for no maximum of its own.
type ModuleMemory struct {
	MinPages int    `json:"min_pages"`
	MinBytes int64  `json:"min_bytes"`
	MaxPages *int   `json:"max_pages"`
	MaxBytes *int64 `json:"max_bytes"`
}

// ModuleTable is one table, in entries.
type ModuleTable struct {
	Type string `json:"type"`
	Min  int    `json:"min"`
	Max  *int   `json:"max"`
}

// ModuleGlobals counts the globals that a module defines.
type ModuleGlobals struct {
	Count int `json:"count"`
	// Mutable counts the mutable ones by type.
	Mutable map[string]int `json:"mutable"`
}

// ModuleElements counts what fills tables. Bytes are those of the entries in the file.
type ModuleElements struct {
	Segments int `json:"segments"`
	Entries  int `json:"entries"`
	Bytes    int `json:"bytes"`
}

// ModuleData counts what fills memory: active segments when an instance is made, passive ones by an instruction.
type ModuleData struct {
	Segments int `json:"segments"`
	Passive  int `json:"passive"`
	Bytes    int `json:"bytes"`
}

// ModuleFunction is a function by index, and by name if the module has names.
type ModuleFunction struct {
	Index int    `json:"index"`
	Name  string `json:"name"`
}

// FreshReason is one thing that cannot be brought back from outside, and makes a new instance for each request necessary.
type FreshReason struct {
	// What is an instruction, such as "table.set", or "mutable v128 global".
	What string `json:"what"`
	// Where is "function" or "global"; Index and Name are those of the first one.
	Where  string `json:"where"`
	Index  int    `json:"index"`
	Name   string `json:"name"`
	Offset int    `json:"offset"`
}

// CompileCost is the estimated cost of compiling, in units that only the limit gives a meaning.
type CompileCost struct {
	Cost  int `json:"cost"`
	Limit int `json:"limit"`
}

// ModuleRewrite is what putting the checkpoints in does to a module.
type ModuleRewrite struct {
	// Of Functions, Charged are charged at each call. Loops is how many loops are charged at each turn.
	Functions int `json:"functions"`
	Charged   int `json:"charged"`
	Loops     int `json:"loops"`
	// NotesStores says that the code notes what memory it writes to, so that an instance can be brought back after a request: if
	// Isolation is request, and nothing is in Fresh.
	NotesStores bool `json:"notes_stores"`
	// CodeBefore and CodeAfter are the length of the code section, SizeAfter that of all that is compiled: active data and
	// custom sections but names are left out.
	CodeBefore int `json:"code_before"`
	CodeAfter  int `json:"code_after"`
	SizeAfter  int `json:"size_after"`
}

// ModuleSection is one section of a file. Offset is where its content begins, Size its length.
type ModuleSection struct {
	Name string `json:"name"`
	// Custom is the name of a custom section, "" if it is none, or was not read.
	Custom string `json:"custom,omitempty"`
	Offset int    `json:"offset"`
	Size   int    `json:"size"`
}
