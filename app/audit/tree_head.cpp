#include "app/audit/tree_head.h"

#include "app/audit/canonical_json.h"
#include "app/audit/merkle.h"

#include <QDateTime>
#include <QJsonDocument>
#include <QJsonObject>
#include <QtEndian>

namespace sealift {
namespace {

constexpr char kType[] = "sealift-audit-head";
constexpr qint64 kVersion = 1;

SignatureScheme schemeFor(KeyType type) {
  switch (type) {
    case KeyType::EcP256:
      return SignatureScheme::EcdsaP256Sha256;
    case KeyType::EcP384:
      return SignatureScheme::EcdsaP384Sha384;
    case KeyType::Rsa:
      return SignatureScheme::RsaPssSha256;
    case KeyType::Ed25519:
      break;
  }
  return SignatureScheme::Ed25519;
}

QByteArray keyIdOf(const PublicKey& key) {
  return QByteArray::fromHex(key.keyId().toLatin1());
}

void appendBigEndian(QByteArray& out, qint64 value) {
  char bytes[sizeof value];
  qToBigEndian(value, bytes);
  out.append(bytes, sizeof bytes);
}

QByteArray signedBytes(HeadKind kind, const TreeHead& head) {
  QByteArray out = kind == HeadKind::Head ? QByteArrayLiteral("sealift audit head v1")
                                          : QByteArrayLiteral("sealift audit checkpoint v1");
  out += '\0';
  out += head.keyId;
  appendBigEndian(out, head.treeSize);
  out += head.rootHash;
  appendBigEndian(out, head.timeMs);
  return out;
}

}  // namespace

Result<TreeHead> signTreeHead(HeadKind kind, qint64 treeSize, const QByteArray& rootHash, qint64 timeMs,
                              Signer& signer) {
  TreeHead head{treeSize, rootHash, timeMs, keyIdOf(signer.publicKey()), {}};
  SEALIFT_TRY(head.signature, signer.sign(schemeFor(signer.publicKey().type()), signedBytes(kind, head)));
  return head;
}

Status checkTreeHead(HeadKind kind, const TreeHead& head, const QList<PublicKey>& keys) {
  // Fixed lengths, so that no two heads share their signed bytes.
  if (head.treeSize >= 0 && head.rootHash.size() == kMerkleHashBytes && head.keyId.size() == kMerkleHashBytes) {
    for (const PublicKey& key : keys) {
      if (keyIdOf(key) == head.keyId && key.verify(schemeFor(key.type()), signedBytes(kind, head), head.signature)) {
        return {};
      }
    }
  }
  return fail(ErrorCode::AuditTampered,
              QStringLiteral("The signed head for %1 entries was not made by this station.").arg(head.treeSize));
}

QByteArray writeTreeHead(const TreeHead& head) {
  const QDateTime time = QDateTime::fromMSecsSinceEpoch(head.timeMs, Qt::UTC);
  return writeCanonicalJson(QJsonObject{{QStringLiteral("type"), QLatin1String(kType)},
                                        {QStringLiteral("version"), kVersion},
                                        {QStringLiteral("treeSize"), head.treeSize},
                                        {QStringLiteral("rootHash"), QString::fromLatin1(head.rootHash.toHex())},
                                        {QStringLiteral("time"), time.toString(Qt::ISODateWithMs)},
                                        {QStringLiteral("keyId"), QString::fromLatin1(head.keyId.toHex())},
                                        {QStringLiteral("signature"), QString::fromLatin1(head.signature.toBase64())}});
}

Result<TreeHead> readTreeHead(QByteArrayView json) {
  const auto wrong = [](const QString& what) {
    return fail(ErrorCode::InvalidArgument,
                QStringLiteral("This is not an exported head of an audit log: %1.").arg(what),
                QStringLiteral("Use a file that Sealift exported as a head."));
  };
  if (json.size() > kTreeHeadFileMaxBytes) {
    return wrong(QStringLiteral("it is too long"));
  }
  const QJsonObject object = QJsonDocument::fromJson(QByteArray(json.data(), json.size())).object();
  const auto text = [&object](const char* name) { return object.value(QLatin1String(name)).toString(); };
  if (text("type") != QLatin1String(kType)) {
    return wrong(QStringLiteral("its type is missing"));
  }
  if (object.value(QLatin1String("version")).toInteger(0) != kVersion) {
    return wrong(QStringLiteral("its version is unknown"));
  }
  TreeHead head;
  head.treeSize = object.value(QLatin1String("treeSize")).toInteger(-1);
  head.rootHash = QByteArray::fromHex(text("rootHash").toLatin1());
  head.keyId = QByteArray::fromHex(text("keyId").toLatin1());
  head.signature = QByteArray::fromBase64(text("signature").toLatin1());
  const QDateTime time = QDateTime::fromString(text("time"), Qt::ISODateWithMs);
  if (head.treeSize < 0 || head.rootHash.size() != kMerkleHashBytes || head.keyId.size() != kMerkleHashBytes ||
      head.signature.isEmpty() || !time.isValid()) {
    return wrong(QStringLiteral("a field is missing or malformed"));
  }
  head.timeMs = time.toMSecsSinceEpoch();
  return head;
}

}  // namespace sealift
