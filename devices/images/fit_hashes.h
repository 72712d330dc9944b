// The hash nodes of a FIT's images.
// Source: U-Boot, doc/uImage.FIT/source_file_format.txt, "Hash nodes".
#pragma once

#include "app/base/result.h"
#include "devices/images/fdt_reader.h"

namespace sealift {

// U-Boot takes every subnode of an image whose name begins with "hash".
bool isFitHashNode(const FdtNode& node);

// All hashes of one image against its data, which must be in the tree itself.
// Errors: ImageMalformed, ImageHashMismatch, ImageFormatRefused (data outside of the tree).
Status checkFitHashes(const FdtNode& image);

// SHA-256 or better, and not marked to be ignored: nothing less is fit to stand for signed data.
Status requireStrongHash(const FdtNode& image);

}  // namespace sealift
