#include "devices/images/fdt_reader.h"

#include "app/base/byte_reader.h"

namespace sealift {

namespace {

constexpr quint32 kMagic = 0xd00dfeed;
constexpr qsizetype kHeaderBytes = 40;
constexpr quint32 kVersion = 17;     // the only one in use since 2007
constexpr quint32 kCompatible = 16;  // "last_comp_version shall be 16"
constexpr int kMaxDepth = 16;        // a FIT has five levels
constexpr qsizetype kMaxTokens = 100000;
constexpr qsizetype kMaxName = 255;

enum Tag : quint32 { kBeginNode = 1, kEndNode = 2, kProp = 3, kNop = 4, kEnd = 9 };

tl::unexpected<Error> malformed(const QString& what) {
  return fail(ErrorCode::ImageMalformed, what);
}

// Printable ASCII without '/', so that a path names one node and no other.
bool isName(QByteArrayView name) {
  for (const char c : name) {
    if (c <= ' ' || c > '~' || c == '/') {
      return false;
    }
  }
  return true;
}

class Parser {
 public:
  Parser(QByteArrayView bytes, Fdt& fdt) : bytes_(bytes), fdt_(fdt), reader_(bytes) {}

  Status run() {
    SEALIFT_CHECK(readHeader());
    return readStructure();
  }

 private:
  // Chapter 5.2
  Status readHeader() {
    const quint32 magic = reader_.be32();
    fdt_.totalSize = reader_.be32();
    fdt_.structBegin = reader_.be32();
    fdt_.stringsBegin = reader_.be32();
    const qsizetype reservationsBegin = reader_.be32();
    const quint32 version = reader_.be32();
    const quint32 compatible = reader_.be32();
    reader_.skip(4);  // boot_cpuid_phys
    fdt_.stringsSize = reader_.be32();
    fdt_.structSize = reader_.be32();
    if (reader_.failed() || magic != kMagic) {
      return malformed(QStringLiteral("This is not a flattened device tree: its magic number is missing."));
    }
    if (version != kVersion || compatible != kCompatible) {
      return malformed(QStringLiteral("The device tree is of version %1; only version 17 is supported.").arg(version));
    }
    if (fdt_.totalSize > bytes_.size()) {
      return malformed(QStringLiteral("The device tree says that it has %1 bytes, but the file has only %2.")
                           .arg(fdt_.totalSize)
                           .arg(bytes_.size()));
    }
    if (fdt_.totalSize < bytes_.size()) {
      return malformed(
          QStringLiteral("%1 bytes follow the end of the device tree.").arg(bytes_.size() - fdt_.totalSize));
    }
    // Chapter 5.1: reservations, structure and strings in this order, none into another.
    const bool ordered = reservationsBegin >= kHeaderBytes && reservationsBegin % 8 == 0 &&
                         fdt_.structBegin >= reservationsBegin + 16 && fdt_.structBegin % 4 == 0 &&
                         fdt_.stringsBegin >= fdt_.structBegin + fdt_.structSize && fdt_.structSize % 4 == 0 &&
                         fdt_.stringsBegin + fdt_.stringsSize <= fdt_.totalSize;
    if (!ordered) {
      return malformed(QStringLiteral("The blocks of the device tree overlap or lie outside of it."));
    }
    return {};
  }

  // Chapter 5.4
  Status readStructure() {
    reader_ = ByteReader(bytes_.first(fdt_.structBegin + fdt_.structSize));
    reader_.seek(fdt_.structBegin);
    std::vector<FdtNode> open;
    bool rootDone = false;
    while (true) {
      const qsizetype begin = reader_.position();
      const quint32 tag = reader_.be32();
      if (reader_.failed() || static_cast<qsizetype>(fdt_.tokens.size()) >= kMaxTokens) {
        return malformed(QStringLiteral("The structure of the device tree has no end."));
      }
      if (tag == kNop) {
        addToken(FdtToken::Nop, begin, {});
      } else if (tag == kBeginNode) {
        if (rootDone || open.size() >= kMaxDepth) {
          return malformed(QStringLiteral("The nodes of the device tree are nested too deeply or have two roots."));
        }
        SEALIFT_TRY(FdtNode node, readNodeName(open));
        addToken(FdtToken::BeginNode, begin, node.name);
        open.push_back(std::move(node));
      } else if (tag == kProp) {
        if (open.empty() || !open.back().children.empty()) {  // 5.4.1: properties before subnodes
          return malformed(QStringLiteral("A property of the device tree stands outside of its node."));
        }
        SEALIFT_TRY(FdtProperty property, readProperty());
        if (open.back().property(property.name) != nullptr) {
          return malformed(QStringLiteral("The node %1 has the property %2 twice.")
                               .arg(QString::fromLatin1(open.back().path), QString::fromLatin1(property.name)));
        }
        addToken(FdtToken::Property, begin, property.name);
        open.back().properties.push_back(std::move(property));
      } else if (tag == kEndNode) {
        if (open.empty()) {
          return malformed(QStringLiteral("The device tree closes a node that it did not open."));
        }
        addToken(FdtToken::EndNode, begin, {});
        FdtNode done = std::move(open.back());
        open.pop_back();
        if (open.empty()) {
          fdt_.root = std::move(done);
          rootDone = true;
        } else {
          open.back().children.push_back(std::move(done));
        }
      } else if (tag == kEnd) {
        addToken(FdtToken::End, begin, {});
        if (!rootDone || reader_.remaining() != 0) {
          return malformed(QStringLiteral("The structure of the device tree ends in the wrong place."));
        }
        return {};
      } else {
        return malformed(QStringLiteral("The device tree has an unknown tag at byte %1.").arg(begin));
      }
    }
  }

  Result<FdtNode> readNodeName(const std::vector<FdtNode>& open) {
    FdtNode node;
    const qsizetype begin = reader_.position();
    const qsizetype end = bytes_.first(fdt_.structBegin + fdt_.structSize).indexOf('\0', begin);
    if (end < 0 || end - begin > kMaxName || !isName(bytes_.sliced(begin, end - begin))) {
      return malformed(QStringLiteral("The device tree has a node without a proper name at byte %1.").arg(begin));
    }
    node.name = bytes_.sliced(begin, end - begin).toByteArray();
    reader_.skip(end + 1 - begin);
    align();
    if (open.empty() != node.name.isEmpty()) {
      return malformed(QStringLiteral("Only the root of a device tree has an empty name."));
    }
    if (!open.empty() && open.back().child(node.name) != nullptr) {
      return malformed(QStringLiteral("The node %1 has two subnodes %2.")
                           .arg(QString::fromLatin1(open.back().path), QString::fromLatin1(node.name)));
    }
    node.path =
        open.empty() ? QByteArrayLiteral("/") : (open.size() == 1 ? QByteArray() : open.back().path) + '/' + node.name;
    return node;
  }

  Result<FdtProperty> readProperty() {
    FdtProperty property;
    const quint32 length = reader_.be32();
    property.nameOffset = reader_.be32();
    property.valueAt = reader_.position();
    property.value = reader_.take(length);
    align();
    if (reader_.failed()) {
      return malformed(QStringLiteral("A property of the device tree reaches beyond its structure block."));
    }
    const QByteArrayView strings = bytes_.sliced(fdt_.stringsBegin, fdt_.stringsSize);
    const qsizetype end = property.nameOffset < strings.size() ? strings.indexOf('\0', property.nameOffset) : -1;
    if (end <= property.nameOffset || end - property.nameOffset > kMaxName ||
        !isName(strings.sliced(property.nameOffset, end - property.nameOffset))) {
      return malformed(QStringLiteral("A property of the device tree has no proper name."));
    }
    property.name = strings.sliced(property.nameOffset, end - property.nameOffset).toByteArray();
    return property;
  }

  void align() { reader_.skip((4 - reader_.position() % 4) % 4); }

  void addToken(FdtToken::Kind kind, qsizetype begin, const QByteArray& name) {
    fdt_.tokens.push_back({kind, begin, reader_.position(), name});
  }

  QByteArrayView bytes_;
  Fdt& fdt_;
  ByteReader reader_;
};

}  // namespace

const FdtProperty* FdtNode::property(QByteArrayView wanted) const {
  for (const FdtProperty& candidate : properties) {
    if (candidate.name == wanted) {
      return &candidate;
    }
  }
  return nullptr;
}

const FdtNode* FdtNode::child(QByteArrayView wanted) const {
  for (const FdtNode& candidate : children) {
    if (candidate.name == wanted) {
      return &candidate;
    }
  }
  return nullptr;
}

std::optional<QByteArray> FdtNode::string(QByteArrayView wanted) const {
  const std::optional<QList<QByteArray>> list = strings(wanted);
  if (!list || list->size() != 1) {
    return std::nullopt;
  }
  return list->first();
}

std::optional<QList<QByteArray>> FdtNode::strings(QByteArrayView wanted) const {
  const FdtProperty* const found = property(wanted);
  if (found == nullptr || found->value.isEmpty() || found->value.back() != '\0') {
    return std::nullopt;
  }
  return found->value.chopped(1).toByteArray().split('\0');
}

std::optional<quint32> FdtNode::u32(QByteArrayView wanted) const {
  const FdtProperty* const found = property(wanted);
  if (found == nullptr || found->value.size() != 4) {
    return std::nullopt;
  }
  return ByteReader(found->value).be32();
}

const FdtNode* Fdt::find(QByteArrayView path) const {
  if (path.isEmpty() || path.front() != '/') {
    return nullptr;
  }
  const FdtNode* node = &root;
  if (path.size() == 1) {
    return node;
  }
  for (const QByteArray& name : path.sliced(1).toByteArray().split('/')) {
    node = node->child(name);
    if (node == nullptr) {
      return nullptr;
    }
  }
  return node;
}

Result<Fdt> Fdt::parse(QByteArrayView bytes) {
  Fdt fdt;
  SEALIFT_CHECK(Parser(bytes, fdt).run());
  return fdt;
}

}  // namespace sealift
