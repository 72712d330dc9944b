#include "devices/images/fit_image.h"

#include "app/base/byte_reader.h"
#include "devices/images/fit_hashes.h"
#include "devices/images/image_keys.h"
#include "keystore/crypto/digest.h"

#include <array>

namespace sealift {

namespace {

constexpr qsizetype kMaxFitBytes = 256LL * 1024 * 1024;
constexpr qsizetype kMaxHashedNodes = 100;  // IMAGE_MAX_HASHED_NODES in boot/image-fit-sig.c

QString text(const QByteArray& bytes) {
  return QString::fromLatin1(bytes);
}

tl::unexpected<Error> malformed(const QString& what) {
  return fail(ErrorCode::ImageMalformed, what);
}

// The signature's `algo`, e.g. "sha256,rsa2048".
struct SignatureAlgorithm {
  const char* name;
  int bits;
  SignatureScheme scheme;
  const char* forPeople;
};

constexpr std::array<SignatureAlgorithm, 9> kAlgorithms{{
    {"sha256,rsa2048", 2048, SignatureScheme::RsaPkcs1v15Sha256, "RSA-2048 PKCS#1 v1.5 with SHA-256"},
    {"sha256,rsa3072", 3072, SignatureScheme::RsaPkcs1v15Sha256, "RSA-3072 PKCS#1 v1.5 with SHA-256"},
    {"sha256,rsa4096", 4096, SignatureScheme::RsaPkcs1v15Sha256, "RSA-4096 PKCS#1 v1.5 with SHA-256"},
    {"sha384,rsa2048", 2048, SignatureScheme::RsaPkcs1v15Sha384, "RSA-2048 PKCS#1 v1.5 with SHA-384"},
    {"sha384,rsa3072", 3072, SignatureScheme::RsaPkcs1v15Sha384, "RSA-3072 PKCS#1 v1.5 with SHA-384"},
    {"sha384,rsa4096", 4096, SignatureScheme::RsaPkcs1v15Sha384, "RSA-4096 PKCS#1 v1.5 with SHA-384"},
    {"sha512,rsa2048", 2048, SignatureScheme::RsaPkcs1v15Sha512, "RSA-2048 PKCS#1 v1.5 with SHA-512"},
    {"sha512,rsa3072", 3072, SignatureScheme::RsaPkcs1v15Sha512, "RSA-3072 PKCS#1 v1.5 with SHA-512"},
    {"sha512,rsa4096", 4096, SignatureScheme::RsaPkcs1v15Sha512, "RSA-4096 PKCS#1 v1.5 with SHA-512"},
}};

const SignatureAlgorithm* findAlgorithm(const QByteArray& name) {
  for (const SignatureAlgorithm& algorithm : kAlgorithms) {
    if (name == algorithm.name) {
      return &algorithm;
    }
  }
  return nullptr;
}

// libfdt finds "kernel" when asked for "kernel" even where only "kernel@1" exists: U-Boot refuses such names
// (fit_check_format), and so does this.
Status refuseUnitAddresses(const FdtNode& node) {
  if (node.name.contains('@')) {
    return malformed(
        QStringLiteral("The node %1 has an '@' in its name, which a FIT must not have.").arg(text(node.path)));
  }
  for (const FdtNode& child : node.children) {
    SEALIFT_CHECK(refuseUnitAddresses(child));
  }
  return {};
}

// The images that a configuration names. Whatever property holds the name, the image must be covered.
Result<QList<const FdtNode*>> namedImages(const FdtNode& configuration, const FdtNode& images) {
  QList<const FdtNode*> named;
  for (const FdtProperty& property : configuration.properties) {
    if (property.name == "description" || property.name == "compatible") {
      continue;
    }
    const std::optional<QList<QByteArray>> names = configuration.strings(property.name);
    if (!names) {
      continue;  // a number or a flag, e.g. "load-only"
    }
    for (const QByteArray& name : *names) {
      const FdtNode* const image = images.child(name);
      if (image == nullptr) {
        return malformed(QStringLiteral("%1 names the image \"%2\" (%3), which is not in the file.")
                             .arg(text(configuration.path), text(name), text(property.name)));
      }
      if (!named.contains(image)) {
        named.append(image);
      }
    }
  }
  if (named.isEmpty()) {
    return malformed(QStringLiteral("%1 names no image.").arg(text(configuration.path)));
  }
  return named;
}

// What a signature must cover for nothing that is booted to be open to change.
QList<const FdtNode*> nodesToCover(const Fdt& fit, const FdtNode& configuration, const QList<const FdtNode*>& images) {
  QList<const FdtNode*> nodes{&fit.root, &configuration};
  for (const FdtNode* image : images) {
    nodes.append(image);
    for (const FdtNode& child : image->children) {
      if (isFitHashNode(child) || child.name == "cipher" || child.name == "dm-verity") {
        nodes.append(&child);
      }
    }
  }
  return nodes;
}

Status checkCoverage(const QList<const FdtNode*>& needed, const QList<QByteArray>& hashedNodes, qsizetype stringsSize) {
  for (const FdtNode* node : needed) {
    if (!hashedNodes.contains(node->path)) {
      return fail(ErrorCode::ImageSignatureInvalid,
                  QStringLiteral("The signature does not cover %1.").arg(text(node->path)));
    }
    for (const FdtProperty& property : node->properties) {
      if (property.nameOffset + property.name.size() + 1 > stringsSize) {
        return fail(ErrorCode::ImageSignatureInvalid,
                    QStringLiteral("The signature does not cover the name of the property %1 of %2.")
                        .arg(text(property.name), text(node->path)));
      }
    }
  }
  return {};
}

// `hashed-strings`: two cells, an unused offset and the size of the covered part of the strings block.
std::optional<qsizetype> hashedStrings(const Fdt& fit, const FdtNode& signature) {
  const FdtProperty* const property = signature.property("hashed-strings");
  if (property == nullptr || property->value.size() != 8) {
    return std::nullopt;
  }
  ByteReader reader(property->value);
  const quint32 offset = reader.be32();
  const qsizetype size = reader.be32();
  if (offset != 0 || size == 0 || size > fit.stringsSize) {
    return std::nullopt;
  }
  return size;
}

struct Signer {
  QString algorithm;
  QString keyId;
};

class ConfigurationCheck {
 public:
  ConfigurationCheck(QByteArrayView bytes, const Fdt& fit, const std::vector<PublicKey>& keys)
      : bytes_(bytes), fit_(fit), keys_(keys) {}

  // At least one of the configuration's signatures must be good.
  Result<Signer> run(const FdtNode& configuration, const FdtNode& images) const {
    SEALIFT_TRY(const QList<const FdtNode*> named, namedImages(configuration, images));
    for (const FdtNode* image : named) {
      SEALIFT_CHECK(requireStrongHash(*image));
    }
    const QList<const FdtNode*> needed = nodesToCover(fit_, configuration, named);
    std::optional<Error> why;
    for (const FdtNode& child : configuration.children) {
      if (child.name.startsWith("signature")) {
        Result<Signer> signer = checkSignature(child, needed);
        if (signer) {
          return signer;
        }
        why = signer.error();
      }
    }
    if (!why) {
      return fail(ErrorCode::ImageUnsigned, QStringLiteral("%1 is not signed.").arg(text(configuration.path)));
    }
    return fail(*why);
  }

 private:
  Result<Signer> checkSignature(const FdtNode& node, const QList<const FdtNode*>& needed) const {
    const QByteArray name = node.string("algo").value_or(QByteArray());
    const SignatureAlgorithm* const algorithm = findAlgorithm(name);
    const std::optional<QByteArray> padding = node.string("padding");
    const FdtProperty* const value = node.property("value");
    if (value == nullptr) {
      return fail(ErrorCode::ImageUnsigned, QStringLiteral("%1 holds no signature yet.").arg(text(node.path)));
    }
    if (algorithm == nullptr || (node.property("padding") != nullptr && padding != QByteArray("pkcs-1.5"))) {
      return fail(ErrorCode::ImageSignatureInvalid,
                  QStringLiteral("%1 is of the kind \"%2\", which is too weak or not supported.")
                      .arg(text(node.path), text(padding ? QByteArray(name + ' ' + *padding) : name)));
    }
    const std::optional<QList<QByteArray>> hashedNodes = node.strings("hashed-nodes");
    const std::optional<qsizetype> stringsSize = hashedStrings(fit_, node);
    if (!hashedNodes || hashedNodes->size() > kMaxHashedNodes || !stringsSize) {
      return fail(ErrorCode::ImageSignatureInvalid,
                  QStringLiteral("%1 does not say properly what it covers.").arg(text(node.path)));
    }
    SEALIFT_CHECK(checkCoverage(needed, *hashedNodes, *stringsSize));

    const QByteArray message = joinFitRegions(bytes_, findFitRegions(fit_, *hashedNodes, *stringsSize));
    bool tried = false;
    for (const PublicKey& key : keys_) {
      if (key.type() != KeyType::Rsa || key.bits() != algorithm->bits) {
        continue;
      }
      tried = true;
      // The key's name in the file is only a hint (signature.txt): every key of the right size is tried.
      if (key.verify(algorithm->scheme, message, value->value)) {
        return Signer{QString::fromLatin1(algorithm->forPeople), key.keyId()};
      }
    }
    if (!tried) {
      return fail(ErrorCode::ImageUnknownKey,
                  QStringLiteral("%1 was made with an RSA key of %2 bits; this model has no such key.")
                      .arg(text(node.path))
                      .arg(algorithm->bits));
    }
    return fail(
        ErrorCode::ImageSignatureInvalid,
        QStringLiteral("%1 is not a signature of this content by one of this model's keys.").arg(text(node.path)));
  }

  QByteArrayView bytes_;
  const Fdt& fit_;
  const std::vector<PublicKey>& keys_;
};

Status takeRootProperties(const FdtNode& root, ImageFacts& facts) {
  if (root.property("sealift,version") != nullptr) {
    const std::optional<QByteArray> version = root.string("sealift,version");
    facts.version = version ? Version::parse(text(*version)) : std::nullopt;
    if (!facts.version) {
      return malformed(QStringLiteral("The image's property sealift,version is not a version."));
    }
  }
  if (root.property("sealift,security-version") != nullptr) {
    facts.securityVersion = root.u32("sealift,security-version");
    if (!facts.securityVersion) {
      return malformed(QStringLiteral("The image's property sealift,security-version is not one number."));
    }
  }
  if (root.property("sealift,model") != nullptr) {
    const std::optional<QList<QByteArray>> models = root.strings("sealift,model");
    if (!models) {
      return malformed(QStringLiteral("The image's property sealift,model is not a list of names."));
    }
    for (const QByteArray& model : *models) {
      facts.compatible.append(QString::fromUtf8(model));
    }
  }
  return {};
}

}  // namespace

Result<ImageFacts> verifyFitImage(QByteArrayView bytes, const QList<QByteArray>& keys) {
  if (bytes.startsWith(QByteArrayView("\x27\x05\x19\x56"))) {
    return fail(ErrorCode::ImageFormatRefused,
                QStringLiteral("This is a legacy uImage, which carries no signature; only FIT images are taken."));
  }
  if (bytes.size() > kMaxFitBytes) {
    return fail(ErrorCode::ImageTooLarge, QStringLiteral("The image is larger than 256 MiB."));
  }
  SEALIFT_TRY(const Fdt fit, Fdt::parse(bytes));
  SEALIFT_TRY(const std::vector<PublicKey> trusted, readImageKeys(keys));
  SEALIFT_CHECK(refuseUnitAddresses(fit.root));

  const FdtNode* const images = fit.root.child("images");
  const FdtNode* const configurations = fit.root.child("configurations");
  if (images == nullptr || configurations == nullptr || configurations->children.empty()) {
    return malformed(QStringLiteral("The file is a device tree but not a FIT: it lacks images or configurations."));
  }
  for (const FdtNode& image : images->children) {
    SEALIFT_CHECK(checkFitHashes(image));
  }
  const std::optional<QByteArray> chosen = configurations->string("default");
  if (!chosen || configurations->child(*chosen) == nullptr) {
    return malformed(QStringLiteral("The FIT does not say which configuration is the default one."));
  }

  ImageFacts facts;
  facts.format = QStringLiteral("fit");
  const ConfigurationCheck check(bytes, fit, trusted);
  for (const FdtNode& configuration : configurations->children) {
    SEALIFT_TRY(const Signer signer, check.run(configuration, *images));
    if (configuration.name == *chosen) {
      facts.signatureAlgorithm = signer.algorithm;
      facts.keyId = signer.keyId;
    }
  }
  SEALIFT_CHECK(takeRootProperties(fit.root, facts));
  facts.digest = sha256(bytes);
  return facts;
}

}  // namespace sealift
