#include "devices/images/swu_image.h"

#include "devices/images/cpio_reader.h"
#include "devices/images/libconfig_reader.h"
#include "keystore/crypto/digest.h"

#include <QSet>

#include <algorithm>

namespace sealift {
namespace {

constexpr int kMaxFiles = 256;
constexpr qsizetype kDigestBytes = 32;
constexpr char kDescription[] = "sw-description";
constexpr char kSignature[] = "sw-description.sig";
constexpr char kExpression[] = "#RE:";  // of hardware-compatibility: a regular expression follows

tl::unexpected<Error> malformed(const QString& what) {
  return fail(ErrorCode::ImageMalformed, what);
}

QString textOf(const LibconfigValue& group, QByteArrayView name) {
  const LibconfigValue* value = group.find(name);
  return value != nullptr && value->kind == LibconfigValue::Kind::Text ? QString::fromUtf8(value->text) : QString();
}

// What SWUpdate selects of the description depends on the device (board, slot): all of its sections are looked at.
class DescriptionReader {
 public:
  explicit DescriptionReader(const std::vector<CpioEntry>& entries) : entries_(entries) {}

  Status read(QByteArrayView text, SwuImage& image) {
    SEALIFT_TRY(const LibconfigValue root, readLibconfig(text));
    const LibconfigValue* software = root.find("software");
    if (software == nullptr || software->kind != LibconfigValue::Kind::Group) {
      return malformed(QStringLiteral("The description has no section \"software\"."));
    }
    const auto version = Version::parse(textOf(*software, "version"));
    if (!version) {
      return malformed(QStringLiteral("The description says no version like \"1.2.3\" (software.version)."));
    }
    image.version = *version;
    SEALIFT_CHECK(readHardware(*software, image));
    return collect(*software, image);
  }

 private:
  // "hardware-compatibility" of the whole, and of sections, which are named for the boards they are for.
  Status readHardware(const LibconfigValue& software, SwuImage& image) {
    bool judgedByDevice = false;
    const auto take = [&](const LibconfigValue& section) -> Status {
      const LibconfigValue* list = section.find("hardware-compatibility");
      if (list == nullptr) {
        return {};
      }
      for (const LibconfigValue& value : list->members) {
        if (value.kind != LibconfigValue::Kind::Text) {
          return malformed(QStringLiteral("The description's hardware-compatibility holds more than texts."));
        }
        judgedByDevice = judgedByDevice || value.text.startsWith(kExpression);
        if (const QString revision = QString::fromUtf8(value.text); !image.hardwareRevisions.contains(revision)) {
          image.hardwareRevisions << revision;
        }
      }
      return {};
    };
    SEALIFT_CHECK(take(software));
    for (const LibconfigValue& section : software.members) {
      if (section.find("hardware-compatibility") != nullptr) {
        image.boards << QString::fromLatin1(section.name);
        SEALIFT_CHECK(take(section));
      }
    }
    if (judgedByDevice) {
      image.hardwareRevisions.clear();
    }
    return {};
  }

  // Every group that names a file, wherever it stands.
  Status collect(const LibconfigValue& value, SwuImage& image) {
    if (value.find("filename") != nullptr) {
      SEALIFT_CHECK(addArtefact(value, image));
    }
    for (const LibconfigValue& member : value.members) {
      SEALIFT_CHECK(collect(member, image));
    }
    return {};
  }

  Status addArtefact(const LibconfigValue& group, SwuImage& image) {
    SwuArtefact artefact;
    artefact.filename = textOf(group, "filename").toUtf8();
    artefact.type = textOf(group, "type");
    artefact.version = textOf(group, "version");
    const auto entry = std::find_if(entries_.begin(), entries_.end(),
                                    [&](const CpioEntry& candidate) { return candidate.name == artefact.filename; });
    const QString shown = QString::fromUtf8(artefact.filename).left(100);
    if (entry == entries_.end()) {
      return malformed(QStringLiteral("The description names the file \"%1\", which is not there.").arg(shown));
    }
    artefact.content = entry->content;
    const QByteArray hash = textOf(group, "sha256").toLatin1();
    artefact.sha256 = QByteArray::fromHex(hash);
    if (artefact.sha256.size() != kDigestBytes || artefact.sha256.toHex() != hash.toLower()) {
      return malformed(QStringLiteral("The description gives no SHA-256 of the file \"%1\".").arg(shown));
    }
    if (const SwuArtefact* same = image.find(artefact.filename)) {
      return same->sha256 == artefact.sha256
                 ? Status()
                 : malformed(QStringLiteral("The description gives the file \"%1\" two SHA-256.").arg(shown));
    }
    image.artefacts << artefact;
    return {};
  }

  const std::vector<CpioEntry>& entries_;
};

// General Overview: "sw-description" comes first; signed_images: its signature right after.
Status checkOrder(const std::vector<CpioEntry>& entries) {
  if (entries.empty() || entries[0].name != kDescription) {
    return malformed(QStringLiteral("The archive does not begin with the file \"sw-description\"."));
  }
  if (entries.size() < 2 || entries[1].name != kSignature) {
    const bool elsewhere =
        std::any_of(entries.begin(), entries.end(), [](const CpioEntry& entry) { return entry.name == kSignature; });
    return elsewhere ? Status(malformed(QStringLiteral("The signature does not follow right after the description.")))
                     : fail(ErrorCode::ImageUnsigned, QStringLiteral("The update file carries no signature."));
  }
  return {};
}

Status checkNothingElse(const std::vector<CpioEntry>& entries, const SwuImage& image) {
  for (auto entry = entries.begin() + 2; entry != entries.end(); ++entry) {
    if (image.find(entry->name) == nullptr) {
      return malformed(QStringLiteral("The archive holds the file \"%1\", which the description does not name.")
                           .arg(QString::fromLatin1(entry->name)));
    }
  }
  return image.artefacts.isEmpty() ? Status(malformed(QStringLiteral("The description names no file to install.")))
                                   : Status();
}

Result<SwuImage> envelope(const std::vector<CpioEntry>& entries) {
  SEALIFT_CHECK(checkOrder(entries));
  SwuImage image;
  image.description = entries[0].content;
  image.signature = entries[1].content;
  return image;
}

Status describe(const std::vector<CpioEntry>& entries, SwuImage& image) {
  SEALIFT_CHECK(DescriptionReader(entries).read(image.description, image));
  return checkNothingElse(entries, image);
}

}  // namespace

const SwuArtefact* SwuImage::find(QByteArrayView filename) const {
  const auto it = std::find_if(artefacts.begin(), artefacts.end(),
                               [&](const SwuArtefact& artefact) { return artefact.filename == filename; });
  return it != artefacts.end() ? &*it : nullptr;
}

Result<SwuImage> parseSwuImage(QByteArrayView bytes) {
  SEALIFT_TRY(const std::vector<CpioEntry> entries, readCpio(bytes, kMaxFiles));
  SEALIFT_TRY(SwuImage image, envelope(entries));
  SEALIFT_CHECK(describe(entries, image));
  return image;
}

Result<CmsSigner> verifySwuSignature(const SwuImage& image, const QList<QByteArray>& keys) {
  SEALIFT_TRY(const CmsTrust trust, CmsTrust::fromPem(keys));
  return verifyCms(image.signature, image.description, trust);
}

Result<ImageFacts> verifySwuImage(QByteArrayView bytes, const QList<QByteArray>& keys) {
  SEALIFT_TRY(const std::vector<CpioEntry> entries, readCpio(bytes, kMaxFiles));
  SEALIFT_TRY(SwuImage image, envelope(entries));
  SEALIFT_TRY(const CmsSigner signer, verifySwuSignature(image, keys));  // before a word of the description is read
  SEALIFT_CHECK(describe(entries, image));
  for (const SwuArtefact& artefact : image.artefacts) {
    if (sha256(artefact.content) != artefact.sha256) {
      return fail(ErrorCode::ImageHashMismatch,
                  QStringLiteral("The file \"%1\" differs from its SHA-256 in the signed description.")
                      .arg(QString::fromLatin1(artefact.filename)));
    }
  }
  ImageFacts facts;
  facts.format = QStringLiteral("swu");
  facts.version = image.version;
  facts.digest = image.artefacts.constFirst().sha256;
  facts.signatureAlgorithm = QStringLiteral("CMS, %1").arg(signer.key.typeName());
  facts.keyId = signer.key.keyId();
  facts.compatible = image.boards;
  facts.hardwareRevisions = image.hardwareRevisions;
  return facts;
}

}  // namespace sealift
