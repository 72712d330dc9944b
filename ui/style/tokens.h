// The names of everything that is seen: colours, distances, radii and type sizes.
// Each stands here once; nobody writes a number or a colour anywhere else in ui/.
// Distances and sizes are Qt's logical pixels.
#pragma once

#include "app/services/views.h"

#include <QColor>

namespace sealift {

namespace space {
constexpr int kXs = 4;
constexpr int kS = 8;
constexpr int kM = 12;
constexpr int kL = 16;
constexpr int kXl = 24;
constexpr int kPage = 28;  // a page's own margin at its sides
}  // namespace space

namespace radius {
constexpr int kSmall = 4;    // tick boxes
constexpr int kControl = 6;  // buttons, fields, tiles
constexpr int kCard = 8;
}  // namespace radius

namespace extent {
constexpr int kButton = 36;  // height of a button
constexpr int kSmallButton = 28;
constexpr int kField = 32;  // height of a text field
constexpr int kPill = 20;
constexpr int kTile = 36;  // icon in a square
constexpr int kIcon = 20;
constexpr int kRow = 36;   // row of a table
constexpr int kTrack = 6;  // progress bar
constexpr int kRail = 184;
constexpr int kRailCompact = 56;
constexpr int kDeviceList = 372;
constexpr int kDeviceListNarrow = 264;
constexpr int kCompactWindow = 1040;  // below this width the rail shows icons only
}  // namespace extent

namespace type_size {
constexpr int kCaption = 11;
constexpr int kSmall = 12;
constexpr int kBody = 13;
constexpr int kControl = 14;
constexpr int kLead = 15;
constexpr int kTitle = 18;
constexpr int kHeading = 22;
}  // namespace type_size

// One set of colours. "Soft" is the background that belongs to the tone of the same name.
struct Palette {
  QColor window;   // behind the cards
  QColor chrome;   // rail and status bar
  QColor surface;  // cards, lists, dialogs
  QColor field;    // text fields
  QColor tile;     // icon tiles, tracks, neutral pills
  QColor hover;    // a control or row under the pointer
  QColor border;
  QColor outline;  // tick boxes and what must be told from its ground (3:1)
  QColor scrollbar;
  QColor text;
  QColor textMuted;
  QColor textFaint;  // placeholders
  QColor accent;
  QColor accentHover;
  QColor onAccent;
  QColor accentSoft;
  QColor good;
  QColor goodSoft;
  QColor warning;
  QColor warningSoft;
  QColor bad;
  QColor badSoft;
  QColor onBad;
  QColor phaseFull;  // the support timeline
  QColor phaseSecurity;
  QColor phaseEnd;
};

const Palette& lightPalette();
const Palette& darkPalette();

// The colour of a tone's words, and of the pill or panel behind them.
QColor toneColor(const Palette& palette, Tone tone);
QColor toneSoftColor(const Palette& palette, Tone tone);

// Contrast of two opaque colours, 1 … 21 (WCAG 2.1, "contrast ratio" and "relative luminance").
double contrastRatio(const QColor& a, const QColor& b);

}  // namespace sealift
