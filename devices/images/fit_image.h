// FIT images (flattened image tree): what U-Boot's verified boot accepts, checked before it is sent.
// Source: U-Boot, doc/uImage.FIT/source_file_format.txt and signature.txt.
//
// Stricter than U-Boot where U-Boot is lenient. All of these are refused: image data outside of the
// tree, names with '@' (CVE-2021-27138), configurations of which one is unsigned (the bootloader may choose any by
// the hardware's name), `hashed-nodes` that leave out an image, a hash or the root, strings outside
// of `hashed-strings`, images whose only hash is SHA-1, CRC-32 or MD5, and bytes after the tree.
#pragma once

#include "app/base/result.h"
#include "devices/images/fit_regions.h"
#include "devices/images/image.h"

#include <QByteArray>
#include <QByteArrayView>
#include <QList>

namespace sealift {

// Version, security version and model are taken from the root's properties `sealift,version`
// (string), `sealift,security-version` (one cell) and `sealift,model` (strings), which the signatures cover.
// The digest is the SHA-256 over the whole file. `keys`: PEM, RSA with 2048, 3072 or 4096 bits.
// Errors: see verifyImage(). Any thread.
Result<ImageFacts> verifyFitImage(QByteArrayView bytes, const QList<QByteArray>& keys);

}  // namespace sealift
