#include "ui/style/tokens.h"

#include <algorithm>
#include <cmath>

namespace sealift {

namespace {

double linearChannel(double value) {
  return value <= 0.03928 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4);
}

double relativeLuminance(const QColor& color) {
  return 0.2126 * linearChannel(color.redF()) + 0.7152 * linearChannel(color.greenF()) +
         0.0722 * linearChannel(color.blueF());
}

}  // namespace

const Palette& lightPalette() {
  static const Palette palette{
      .window = QColor(0xf4, 0xf6, 0xf8),
      .chrome = QColor(0xec, 0xef, 0xf3),
      .surface = QColor(0xff, 0xff, 0xff),
      .field = QColor(0xf4, 0xf6, 0xf8),
      .tile = QColor(0xec, 0xef, 0xf3),
      .hover = QColor(0xf4, 0xf6, 0xf8),
      .border = QColor(0xdd, 0xe2, 0xe8),
      .outline = QColor(0x7c, 0x88, 0x95),
      .scrollbar = QColor(0xc3, 0xcb, 0xd4),
      .text = QColor(0x16, 0x20, 0x2b),
      .textMuted = QColor(0x55, 0x62, 0x6f),
      .textFaint = QColor(0x62, 0x6e, 0x7b),
      .accent = QColor(0x0b, 0x6e, 0x6e),
      .accentHover = QColor(0x09, 0x5c, 0x5c),
      .onAccent = QColor(0xff, 0xff, 0xff),
      .accentSoft = QColor(0xdf, 0xf1, 0xf0),
      .good = QColor(0x1a, 0x77, 0x47),
      .goodSoft = QColor(0xe1, 0xf4, 0xe8),
      .warning = QColor(0x8f, 0x5b, 0x00),
      .warningSoft = QColor(0xfd, 0xf0, 0xd5),
      .bad = QColor(0xb3, 0x26, 0x1e),
      .badSoft = QColor(0xfb, 0xe6, 0xe4),
      .onBad = QColor(0xff, 0xff, 0xff),
      .phaseFull = QColor(0x55, 0x9d, 0x77),
      .phaseSecurity = QColor(0xab, 0x84, 0x40),
      .phaseEnd = QColor(0xd1, 0x7d, 0x78),
  };
  return palette;
}

const Palette& darkPalette() {
  static const Palette palette{
      .window = QColor(0x12, 0x17, 0x1d),
      .chrome = QColor(0x10, 0x15, 0x1a),
      .surface = QColor(0x1a, 0x21, 0x29),
      .field = QColor(0x12, 0x17, 0x1d),
      .tile = QColor(0x10, 0x15, 0x1a),
      .hover = QColor(0x22, 0x2a, 0x34),
      .border = QColor(0x2b, 0x35, 0x40),
      .outline = QColor(0x74, 0x80, 0x8c),
      .scrollbar = QColor(0x3d, 0x48, 0x54),
      .text = QColor(0xe8, 0xed, 0xf2),
      .textMuted = QColor(0xa4, 0xb0, 0xbc),
      .textFaint = QColor(0x8b, 0x97, 0xa4),
      .accent = QColor(0x4f, 0xc3, 0xbd),
      .accentHover = QColor(0x72, 0xd2, 0xcd),
      .onAccent = QColor(0x06, 0x20, 0x1f),
      .accentSoft = QColor(0x16, 0x39, 0x3a),
      .good = QColor(0x69, 0xcf, 0x95),
      .goodSoft = QColor(0x15, 0x33, 0x2a),
      .warning = QColor(0xf0, 0xbd, 0x5e),
      .warningSoft = QColor(0x3a, 0x2e, 0x14),
      .bad = QColor(0xff, 0x8a, 0x80),
      .badSoft = QColor(0x3f, 0x1f, 0x1d),
      .onBad = QColor(0x2a, 0x08, 0x06),
      .phaseFull = QColor(0x55, 0xa3, 0x7a),
      .phaseSecurity = QColor(0xba, 0x96, 0x50),
      .phaseEnd = QColor(0xa3, 0x60, 0x5d),
  };
  return palette;
}

QColor toneColor(const Palette& palette, Tone tone) {
  switch (tone) {
    case Tone::Accent:
      return palette.accent;
    case Tone::Good:
      return palette.good;
    case Tone::Warning:
      return palette.warning;
    case Tone::Bad:
      return palette.bad;
    case Tone::Neutral:
      break;
  }
  return palette.textMuted;
}

QColor toneSoftColor(const Palette& palette, Tone tone) {
  switch (tone) {
    case Tone::Accent:
      return palette.accentSoft;
    case Tone::Good:
      return palette.goodSoft;
    case Tone::Warning:
      return palette.warningSoft;
    case Tone::Bad:
      return palette.badSoft;
    case Tone::Neutral:
      break;
  }
  return palette.tile;
}

double contrastRatio(const QColor& a, const QColor& b) {
  const double first = relativeLuminance(a);
  const double second = relativeLuminance(b);
  return (std::max(first, second) + 0.05) / (std::min(first, second) + 0.05);
}

}  // namespace sealift
