// Numbers of Android's sparse image format.
// Source: AOSP, system/core/libsparse/sparse_format.h. All fields are little-endian.
#pragma once

#include <QtGlobal>

namespace sealift {

inline constexpr quint32 kSparseMagic = 0xED26FF3A;
inline constexpr quint16 kSparseMajorVersion = 1;  // higher ones are rejected; higher minor versions are allowed
inline constexpr qsizetype kSparseHeaderBytes = 28;
inline constexpr qsizetype kSparseChunkHeaderBytes = 12;

enum SparseChunkType : quint16 {
  kSparseRaw = 0xCAC1,
  kSparseFill = 0xCAC2,
  kSparseDontCare = 0xCAC3,
  kSparseCrc32 = 0xCAC4,
};

}  // namespace sealift
