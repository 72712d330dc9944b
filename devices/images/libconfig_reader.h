// Files in the syntax of libconfig, as values.
// Source: libconfig 1.5, manual, chapter 2 ("Configuration Files").
//
// A reader of its own and not the library: libconfig 1.5 (Debian 12) opens any file that `@include` names and has no
// way to forbid it, and it sets no limit to nesting. Here `@include` is refused, and size, depth and count are limited.
#pragma once

#include "app/base/result.h"

#include <QByteArray>
#include <QByteArrayView>

#include <utility>
#include <vector>

namespace sealift {

struct LibconfigValue {
  enum class Kind { Text, Scalar, Array, List, Group };  // Scalar: a number or boolean, in `text` as it is written

  Kind kind = Kind::Group;
  QByteArray text;                                             // UTF-8, as nobody checked
  std::vector<std::pair<QByteArray, LibconfigValue>> members;  // names are empty in arrays and lists

  // Of a group; null when there is none.
  const LibconfigValue* find(QByteArrayView name) const;
};

// A group: the file's settings. Errors: ImageMalformed, naming the line. Any thread.
Result<LibconfigValue> readLibconfig(QByteArrayView text);

}  // namespace sealift
