// A flattened device tree, read from hostile bytes into a tree of nodes.
// Source: Devicetree Specification v0.4, chapter 5 (flattened format, version 17).
//
// The whole blob is checked once, in parse(): header, bounds, order of the blocks, tags, names,
// depth and counts. Views point into the parsed bytes, which must outlive the tree.
#pragma once

#include "app/base/result.h"

#include <QByteArray>
#include <QByteArrayView>
#include <QList>

#include <optional>
#include <vector>

namespace sealift {

struct FdtProperty {
  QByteArray name;
  qsizetype nameOffset = 0;  // in the strings block
  QByteArrayView value;
  qsizetype valueAt = 0;  // of the value, in the blob
};

struct FdtNode {
  QByteArray name;  // without the path; empty for the root
  QByteArray path;  // "/", "/images/kernel"
  std::vector<FdtProperty> properties;
  std::vector<FdtNode> children;

  const FdtProperty* property(QByteArrayView wanted) const;
  const FdtNode* child(QByteArrayView wanted) const;
  // The value as one string: ends with its only NUL. Nothing when absent or of another shape.
  std::optional<QByteArray> string(QByteArrayView wanted) const;
  // The value as a list of strings, each ended by NUL.
  std::optional<QList<QByteArray>> strings(QByteArrayView wanted) const;
  // The value as one big-endian cell.
  std::optional<quint32> u32(QByteArrayView wanted) const;
};

// Where a token of the structure block lies, in order, for whoever must hash parts of it.
struct FdtToken {
  enum Kind { BeginNode, EndNode, Property, Nop, End };
  Kind kind = End;
  qsizetype begin = 0;  // in the blob
  qsizetype end = 0;
  QByteArray name;  // of the node or of the property
};

struct Fdt {
  FdtNode root;
  std::vector<FdtToken> tokens;
  qsizetype totalSize = 0;
  qsizetype structBegin = 0;
  qsizetype structSize = 0;
  qsizetype stringsBegin = 0;
  qsizetype stringsSize = 0;

  // `path` from the root, e.g. "/configurations/conf-1"; null when there is none.
  const FdtNode* find(QByteArrayView path) const;

  // Errors: ImageMalformed. Bytes after the blob's own size are refused.
  static Result<Fdt> parse(QByteArrayView bytes);
};

}  // namespace sealift
