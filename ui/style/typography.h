// The program's fonts: Inter where it is installed, otherwise the system's own; a
// fixed-width font for versions, hashes and addresses.
#pragma once

#include <QFont>

namespace sealift {

enum class TextStyle {
  Caption,      // 11, timeline labels
  Small,        // 12, second lines
  SmallBold,    // 12 semi-bold, table heads and pills
  Body,         // 13
  BodyBold,     // 13 semi-bold, titles of cards and checks
  Notes,        // 14, text that is read at length
  Control,      // 14
  ControlBold,  // 14 semi-bold, names in lists
  Lead,         // 15 semi-bold, titles of banners and jobs
  Title,        // 18 bold
  Heading,      // 22 bold
  Mono,         // 12 fixed width
};

QFont textFont(TextStyle style);

}  // namespace sealift
