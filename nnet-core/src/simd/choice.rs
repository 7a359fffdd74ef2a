//! Which instruction set is used: the best that the processor has, or the one that `NNET_SIMD` names.

/// An instruction set that the kernels are compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InstructionSet {
    /// x86-64: 32 registers of 16 `f32` with fused multiply-add.
    Avx512,
    /// x86-64: 16 registers of 8 `f32` with fused multiply-add.
    Avx2,
    /// 64-bit ARM: 32 registers of 4 `f32` with fused multiply-add.
    Neon,
    /// WebAssembly compiled with `simd128`: vectors of 4 `f32`.
    Simd128,
    /// Whatever the compiler makes of plain code.
    Portable,
}

impl InstructionSet {
    /// The sets that there are code and tests for on the architecture of this program, the best first.
    pub const ALL: &'static [Self] = &[
        #[cfg(target_arch = "x86_64")]
        Self::Avx512,
        #[cfg(target_arch = "x86_64")]
        Self::Avx2,
        #[cfg(all(target_arch = "aarch64", target_feature = "neon"))]
        Self::Neon,
        #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
        Self::Simd128,
        Self::Portable,
    ];

    /// The name in `NNET_SIMD`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Avx512 => "avx512",
            Self::Avx2 => "avx2",
            Self::Neon => "neon",
            Self::Simd128 => "simd128",
            Self::Portable => "portable",
        }
    }

    /// Whether the program is compiled for processors that all have it.
    const fn is_everywhere(self) -> bool {
        match self {
            Self::Avx512 => {
                Self::Avx2.is_everywhere()
                    && cfg!(all(target_feature = "avx512f", target_feature = "avx512vl", target_feature = "avx512dq"))
            }
            Self::Avx2 => cfg!(all(target_feature = "avx2", target_feature = "fma")),
            // In `ALL` only where that is so.
            Self::Neon | Self::Simd128 | Self::Portable => true,
        }
    }

    /// Whether this processor has it.
    #[cfg(feature = "std")]
    #[must_use]
    pub fn is_available(self) -> bool {
        #[cfg(target_arch = "x86_64")]
        if self == Self::Avx512 || self == Self::Avx2 {
            let avx2 = std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma");
            // Without VL a sum over the entries of a vector, whose halves are shorter vectors, keeps it in the first 16
            // registers. Only Xeon Phi has F and not VL.
            let avx512 = std::arch::is_x86_feature_detected!("avx512f")
                && std::arch::is_x86_feature_detected!("avx512vl")
                && std::arch::is_x86_feature_detected!("avx512dq");
            return avx2 && (self == Self::Avx2 || avx512);
        }
        self.is_everywhere()
    }
}

impl core::fmt::Display for InstructionSet {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.name())
    }
}

/// The instruction set in use.
///
/// With `std` it is found once, when first asked for: the best that the processor has, unless the environment
/// variable `NNET_SIMD` names another one (`avx512`, `avx2` or `portable` on x86-64, `neon` or `portable` on 64-bit ARM,
/// `simd128` or `portable` on WebAssembly). One that this processor lacks is refused with a line on the standard error
/// output. Without `std` it is the best that the program is compiled for.
#[cfg(feature = "std")]
pub fn active() -> InstructionSet {
    static ACTIVE: std::sync::OnceLock<InstructionSet> = std::sync::OnceLock::new();
    *ACTIVE.get_or_init(choose)
}

/// The instruction set in use: the best that the program is compiled for.
#[cfg(not(feature = "std"))]
#[must_use]
pub const fn active() -> InstructionSet {
    const ACTIVE: InstructionSet = {
        let mut i = 0;
        while !InstructionSet::ALL[i].is_everywhere() {
            i += 1;
        }
        InstructionSet::ALL[i]
    };
    ACTIVE
}

#[cfg(feature = "std")]
fn choose() -> InstructionSet {
    let best = InstructionSet::ALL.iter().copied().find(|set| set.is_available()).unwrap_or(InstructionSet::Portable);
    let Ok(wanted) = std::env::var("NNET_SIMD") else { return best };
    match InstructionSet::ALL.iter().copied().find(|set| set.name() == wanted) {
        Some(set) if set.is_available() => set,
        Some(set) => {
            std::eprintln!("nnet: NNET_SIMD={set} is not available on this processor; using {best}");
            best
        }
        None => {
            let names: std::vec::Vec<_> = InstructionSet::ALL.iter().map(|set| set.name()).collect();
            std::eprintln!("nnet: NNET_SIMD={wanted} is unknown ({}); using {best}", names.join(", "));
            best
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "std")]
    #[test]
    fn a_forced_instruction_set_is_active() {
        if let Ok(wanted) = std::env::var("NNET_SIMD") {
            assert_eq!(active().name(), wanted);
        }
    }

    #[test]
    fn portable_code_is_the_last_resort() {
        assert_eq!(InstructionSet::ALL.last(), Some(&InstructionSet::Portable));
        assert!(InstructionSet::ALL.contains(&active()));
    }
}
