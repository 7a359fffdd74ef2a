//! Which instruction set is used: the best that the processor has, or the one that `NNET_SIMD` names.

/// An instruction set that the kernels are compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InstructionSet {
    /// 32 registers of 16 `f32` with fused multiply-add.
    Avx512,
    /// 16 registers of 8 `f32` with fused multiply-add.
    Avx2,
    /// Whatever the compiler makes of plain code.
    Portable,
}

impl InstructionSet {
    /// All of them, the best of each architecture first.
    pub const ALL: &'static [Self] = &[Self::Avx512, Self::Avx2, Self::Portable];

    /// Whether this processor has it.
    #[cfg(feature = "std")]
    #[must_use]
    pub fn is_available(self) -> bool {
        #[cfg(target_arch = "x86_64")]
        let avx2 = || std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma");
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => avx2() && std::arch::is_x86_feature_detected!("avx512f"),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => avx2(),
            Self::Portable => true,
            #[cfg(not(target_arch = "x86_64"))]
            _ => false,
        }
    }

    /// The name in `NNET_SIMD`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Avx512 => "avx512",
            Self::Avx2 => "avx2",
            Self::Portable => "portable",
        }
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
/// variable `NNET_SIMD` names another one (`avx512`, `avx2`, `portable`). One that this processor lacks is refused
/// with a line on the standard error output. Without `std` it is the best that the program is compiled for.
#[cfg(feature = "std")]
pub fn active() -> InstructionSet {
    static ACTIVE: std::sync::OnceLock<InstructionSet> = std::sync::OnceLock::new();
    *ACTIVE.get_or_init(choose)
}

/// The instruction set in use: the best that the program is compiled for.
#[cfg(not(feature = "std"))]
#[must_use]
pub const fn active() -> InstructionSet {
    if cfg!(all(target_arch = "x86_64", target_feature = "avx512f", target_feature = "fma")) {
        InstructionSet::Avx512
    } else if cfg!(all(target_arch = "x86_64", target_feature = "avx2", target_feature = "fma")) {
        InstructionSet::Avx2
    } else {
        InstructionSet::Portable
    }
}

#[cfg(feature = "std")]
fn choose() -> InstructionSet {
    let sets = InstructionSet::ALL.iter().copied();
    let best = sets.clone().find(|set| set.is_available()).unwrap_or(InstructionSet::Portable);
    let Ok(wanted) = std::env::var("NNET_SIMD") else { return best };
    match sets.clone().find(|set| set.name() == wanted) {
        Some(set) if set.is_available() => set,
        Some(set) => {
            std::eprintln!("nnet: NNET_SIMD={set} is not available on this processor; using {best}");
            best
        }
        None => {
            std::eprintln!("nnet: NNET_SIMD={wanted} is unknown (avx512, avx2, portable); using {best}");
            best
        }
    }
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::*;

    #[test]
    fn a_forced_instruction_set_is_active() {
        if let Ok(wanted) = std::env::var("NNET_SIMD") {
            assert_eq!(active().name(), wanted);
        }
    }
}
