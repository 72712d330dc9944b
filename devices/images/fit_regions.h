// Which bytes of a FIT a configuration's signature covers.
// Source: U-Boot, doc/uImage.FIT/signature.txt; the rule of fdt_find_regions() as boot/image-fit-sig.c uses it.
//
// Of a node in `hashed-nodes` everything is covered except the properties that hold an image's
// data; of its subnodes that aren't in the list only the tags and names. The end of the tree is always covered.
#pragma once

#include "app/base/result.h"
#include "devices/images/fdt_reader.h"

#include <QByteArray>
#include <QList>

namespace sealift {

struct FitRegion {
  qsizetype begin = 0;  // in the FIT
  qsizetype size = 0;

  bool operator==(const FitRegion&) const = default;
};

// In ascending order, neighbours merged. `stringsSize`: how much of the strings block belongs to it (hashed-strings).
QList<FitRegion> findFitRegions(const Fdt& fit, const QList<QByteArray>& hashedNodes, qsizetype stringsSize);

// The bytes of the regions, one after the other: what is signed.
QByteArray joinFitRegions(QByteArrayView fit, const QList<FitRegion>& regions);

}  // namespace sealift
