// Sizes as people read them, in the language of the place: "412 kB", "3.9 MB".
#pragma once

#include <QLocale>
#include <QString>

namespace sealift {

inline QString sizeText(qint64 bytes) {
  return QLocale().formattedDataSize(bytes, bytes < 1'000'000 ? 0 : 1, QLocale::DataSizeSIFormat);
}

}  // namespace sealift
