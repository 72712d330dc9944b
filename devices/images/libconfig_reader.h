// Files in the syntax of libconfig, as values.
// Source: libconfig 1.5, manual, chapter 2 ("Configuration Files").
//
// A reader of its own and not the library: libconfig 1.5 (Debian 12) opens any file that `@include` names and has no
// way to forbid it, and it sets no limit to nesting. Here `@include` is refused, and size, depth and count are limited.
#pragma once

#include "app/base/result.h"

#include <QByteArray>
#include <QByteArrayView>

#include <vector>

namespace sealift {

struct LibconfigValue {
  enum class Kind { Text, Scalar, Array, List, Group };  // Scalar: a number or boolean, in `text` as it is written

  Kind kind = Kind::Group;
  QByteArray name;                      // within its group; empty in arrays and lists
  QByteArray text;                      // UTF-8, as nobody checked
  std::vector<LibconfigValue> members;  // of arrays, lists and groups

  // Of a group; null when there is none.
  const LibconfigValue* find(QByteArrayView wanted) const;
};

// A group: the file's settings. Errors: ImageMalformed, naming the line. Any thread.
Result<LibconfigValue> readLibconfig(QByteArrayView text);

}  // namespace sealift
