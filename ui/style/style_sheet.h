// The application's style sheet, written from the tokens.
//
// Widgets opt in by dynamic properties rather than by class:
//   frame="card" | "panel"            a bordered surface; borderTone="accent|good|warning|bad|neutral"
//   kind="primary|secondary|danger|quiet", small=true    on QPushButton
//   tone="text|muted|faint|accent|good|warning|bad"      on labels
//   pill="neutral|accent|good|warning|bad"               on Pill
#pragma once

#include "ui/style/tokens.h"

#include <QString>

namespace sealift {

QString buildStyleSheet(const Palette& palette);

// Name of a tone in those properties.
QString tonePropertyName(Tone tone);

}  // namespace sealift
