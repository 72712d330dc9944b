// Firmware versions: MAJOR.MINOR.REVISION with an optional build number, as MCUboot's
// image header has them (image_version: u8, u8, u16, u32) and semantic versions write them.
#pragma once

#include <QString>

#include <compare>
#include <cstdint>
#include <optional>

namespace sealift {

struct Version {
  std::uint32_t major = 0;
  std::uint32_t minor = 0;
  std::uint32_t revision = 0;
  std::uint32_t build = 0;  // after '+' (MCUboot) or as a fourth number

  // "2", "2.3", "2.3.1", "2.3.1+881", "2.3.1.881"; nothing for anything else.
  static std::optional<Version> parse(const QString& text);
  QString toString() const;  // "2.3.1", and "+881" when there is a build number

  auto operator<=>(const Version&) const = default;  // the build number counts last
};

}  // namespace sealift
