//! The memory of QEMU's board `virt` with an ARM of 64 bits, for the linker.

fn main() {
    let folder = std::env::var("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR");
    println!("cargo:rerun-if-changed=virt.x");
    if std::env::var("TARGET").is_ok_and(|target| target.starts_with("aarch64")) {
        println!("cargo:rustc-link-arg-bins=-T{folder}/virt.x");
    }
}
