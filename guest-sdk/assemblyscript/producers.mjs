// A transform for asc that writes into the module what built it, as other compilers do by themselves: `wasgi inspect` reads it there.
// It is a class of its own, without asc's base class, so that it need not know where asc is installed.
export default class {
  afterCompile(module) {
    const { bundleMajorVersion, bundleMinorVersion, bundlePatchVersion } = this.program.options;
    const version = `${bundleMajorVersion}.${bundleMinorVersion}.${bundlePatchVersion}`;
    module.addCustomSection("producers", Uint8Array.from(producers(version)));
  }
}

// The layout is that of tool-conventions/ProducersSection.md: fields, each with pairs of a name and a version.
function producers(version) {
  return vector([field("language", "AssemblyScript", ""), field("processed-by", "asc", version)]);
}

function field(name, product, version) {
  return [...string(name), ...vector([[...string(product), ...string(version)]])];
}

function string(text) {
  return vector(Array.from(new TextEncoder().encode(text), (byte) => [byte]));
}

// All lengths here are below 128, so that one byte of LEB128 holds them.
function vector(items) {
  return [items.length, ...items.flat()];
}
