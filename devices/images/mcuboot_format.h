// Numbers of MCUboot's image format.
// Source: MCUboot, docs/design.md, "Image format", and boot/bootutil/include/bootutil/image.h.
// All fields are little-endian.
#pragma once

#include <QtGlobal>

namespace sealift::mcuboot {

inline constexpr quint32 kImageMagic = 0x96f3b83d;
inline constexpr qsizetype kHeaderBytes = 32;  // the fields; ih_hdr_size may say more, the rest is padding

inline constexpr quint16 kTlvInfoMagic = 0x6907;
inline constexpr quint16 kProtectedTlvInfoMagic = 0x6908;
inline constexpr qsizetype kTlvInfoBytes = 4;   // magic, total size (with these four bytes)
inline constexpr qsizetype kTlvEntryBytes = 4;  // type, length of the value

enum Flag : quint32 {
  kFlagEncryptedAes128 = 0x00000004,
  kFlagEncryptedAes256 = 0x00000008,
  kFlagNonBootable = 0x00000010,
  kFlagCompressedLzma1 = 0x00000200,
  kFlagCompressedLzma2 = 0x00000400,
};

enum Tlv : quint16 {
  kTlvKeyHash = 0x01,
  kTlvPublicKey = 0x02,
  kTlvSha256 = 0x10,
  kTlvSha384 = 0x11,
  kTlvSha512 = 0x12,
  kTlvRsa2048Pss = 0x20,
  kTlvEcdsa = 0x22,
  kTlvRsa3072Pss = 0x23,
  kTlvEd25519 = 0x24,
  kTlvSignaturePure = 0x25,
  kTlvDependency = 0x40,
  kTlvSecurityCounter = 0x50,
  kTlvBootRecord = 0x60,
};

}  // namespace sealift::mcuboot
