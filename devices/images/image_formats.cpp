#include "devices/images/image_formats.h"

#include "devices/images/dfu_suffix.h"
#include "devices/images/dfuse_file.h"
#include "devices/images/fit_image.h"
#include "devices/images/mcuboot_image.h"
#include "devices/images/sparse_image.h"
#include "devices/images/swu_image.h"

#include <algorithm>
#include <array>

namespace sealift {

namespace {

struct ImageFormat {
  const char* name;
  bool isSigned;  // carries a signature of its own, which must be valid
  Result<ImageFacts> (*verify)(QByteArrayView bytes, const QList<QByteArray>& keys);
};

Result<ImageFacts> verifyMcubootFile(QByteArrayView bytes, const QList<QByteArray>& keys) {
  return verifyMcubootImage(bytes, keys, Trailing::Refused);
}

constexpr std::array<ImageFormat, 7> kFormats{{
    {"mcuboot", true, verifyMcubootFile},
    {"fit", true, verifyFitImage},
    {"swu", true, verifySwuImage},
    {"dfu", false, verifyDfuFile},
    {"dfuse", false, verifyDfuseFile},
    {"sparse", false, verifySparseImage},
    {"raw", false, verifyRawImage},
}};

}  // namespace

QStringList imageFormatNames() {
  QStringList names;
  for (const ImageFormat& format : kFormats) {
    names.append(QString::fromLatin1(format.name));
  }
  return names;
}

bool imageFormatIsSigned(const QString& format) {
  return std::any_of(kFormats.begin(), kFormats.end(),
                     [&](const ImageFormat& row) { return row.isSigned && format == QLatin1String(row.name); });
}

Result<ImageFacts> verifyImage(const QString& format, const QByteArray& bytes, const QList<QByteArray>& keys) {
  for (const ImageFormat& row : kFormats) {
    if (format == QLatin1String(row.name)) {
      return row.verify(bytes, keys);
    }
  }
  return fail(ErrorCode::ImageFormatRefused, QStringLiteral("The image format \"%1\" is not known; known are: %2.")
                                                 .arg(format, imageFormatNames().join(QStringLiteral(", "))));
}

}  // namespace sealift
