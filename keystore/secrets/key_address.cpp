#include "keystore/secrets/key_address.h"

#include "keystore/secrets/percent_encoding.h"

#include <QFileInfo>
#include <QRegularExpression>
#include <QUrl>

namespace sealift {

namespace {

constexpr qsizetype kMostAddressLength = 4096;
constexpr qsizetype kMostNameLength = 128;
// TPM 2.0 Library, Part 2, 7.5: TPM_HT_PERSISTENT is the handle's most significant byte.
constexpr quint32 kFirstPersistentHandle = 0x81000000;
constexpr quint32 kLastPersistentHandle = 0x81FFFFFF;

const QLatin1String kKeychain("keychain:");
const QLatin1String kTpm("tpm:");
const QLatin1String kFile("file:");
const QLatin1String kPkcs11("pkcs11:");
const QLatin1String kHandle("handle=");
const QLatin1String kTcti("?tcti=");
// What stands in a tpm: address without escape, besides unreserved characters: all of a path but '%' and '?'.
constexpr QLatin1String kTpmAllowed("/:@!$&'()*+,;=[] \\{}^|<>\"`#");

tl::unexpected<Error> invalid(const QString& what) {
  return fail(ErrorCode::InvalidArgument, what,
              QStringLiteral("Name a key by the path of its file, or as pkcs11:…, tpm:… or keychain:NAME."));
}

bool isPrintable(const QString& text) {
  return std::all_of(text.begin(), text.end(), [](QChar c) { return c.isPrint() || c.isSurrogate(); });
}

Result<KeyAddress> parseFileUrl(QStringView text) {
  const QUrl url(text.toString(), QUrl::StrictMode);
  if (!url.isValid() || !url.isLocalFile() || url.hasQuery() || url.hasFragment() || url.toLocalFile().isEmpty() ||
      !url.host().isEmpty()) {
    return invalid(QStringLiteral("This is not the URL of a file on this computer: %1").arg(text.left(200)));
  }
  return KeyAddress(FileKeyAddress{url.toLocalFile()});
}

Result<KeyAddress> parseKeychain(QStringView text) {
  const QString name = text.sliced(kKeychain.size()).toString();
  if (name.isEmpty() || name.size() > kMostNameLength || !isPrintable(name) || name.trimmed() != name) {
    return invalid(QStringLiteral("A keychain's key has a name of 1 to %1 printable characters.").arg(kMostNameLength));
  }
  return KeyAddress(KeychainKeyAddress{name});
}

Result<quint32> parseHandle(QStringView text) {
  bool ok = false;
  const quint32 handle = text.startsWith(QLatin1String("0x"), Qt::CaseInsensitive) ? text.sliced(2).toUInt(&ok, 16) : 0;
  if (!ok || handle < kFirstPersistentHandle || handle > kLastPersistentHandle) {
    return invalid(QStringLiteral("A TPM's persistent handle is written as 0x81000000 to 0x81FFFFFF, not \"%1\".")
                       .arg(text.left(40)));
  }
  return handle;
}

// The TCTI's configuration goes through OpenSSL's configuration syntax, where some characters mean something.
bool isPlainTcti(const QString& tcti) {
  static const QRegularExpression plain(QStringLiteral(R"(\A[A-Za-z0-9_.:/=,\[\]-]{1,256}\z)"));
  return plain.match(tcti).hasMatch();
}

Result<KeyAddress> parseTpm(QStringView text) {
  QStringView rest = text.sliced(kTpm.size());
  TpmKeyAddress address;
  const qsizetype mark = rest.indexOf(u'?');
  if (mark >= 0) {
    const QStringView query = rest.sliced(mark);
    const std::optional<QByteArray> value =
        query.startsWith(kTcti) ? percentDecode(query.sliced(kTcti.size()), kTpmAllowed) : std::nullopt;
    address.tcti = value ? QString::fromUtf8(*value) : QString();
    if (!isPlainTcti(address.tcti)) {
      return invalid(
          QStringLiteral("Only \"?tcti=NAME:OPTIONS\" may follow a tpm: address, e.g. "
                         "?tcti=device:/dev/tpmrm0"));
    }
    rest = rest.first(mark);
  }
  if (rest.startsWith(kHandle)) {
    SEALIFT_TRY(address.handle, parseHandle(rest.sliced(kHandle.size())));
    return KeyAddress(address);
  }
  // Letters of any language may stand as they are; only "%" has to be an escape.
  QByteArray bytes = rest.toUtf8();
  if (bytes.contains('%')) {
    const std::optional<QByteArray> decoded = percentDecode(rest, kTpmAllowed);
    if (!decoded) {
      return invalid(QStringLiteral("The percent-encoding of this tpm: address is not valid."));
    }
    bytes = *decoded;
  }
  const std::optional<QString> path = strictUtf8(bytes);
  if (!path || path->isEmpty()) {
    return invalid(QStringLiteral("A tpm: address names the file of the wrapped key, or handle=0x81…."));
  }
  address.path = *path;
  return KeyAddress(address);
}

// RFC 3986, 3.1; one letter alone is a drive of Windows.
bool hasForeignScheme(QStringView text) {
  static const QRegularExpression scheme(QStringLiteral(R"(\A[A-Za-z][A-Za-z0-9+.-]+:)"));
  return scheme.match(text.toString()).hasMatch();
}

struct Writer {
  QString operator()(const FileKeyAddress& file) const {
    return hasForeignScheme(file.path) ? QStringLiteral("./") + file.path : file.path;
  }
  QString operator()(const KeychainKeyAddress& key) const { return kKeychain + key.name; }
  QString operator()(const Pkcs11Uri& uri) const { return uri.toString(); }
  QString operator()(const TpmKeyAddress& key) const {
    const QString what =
        key.handle ? kHandle + QStringLiteral("0x%1").arg(*key.handle, 8, 16, QLatin1Char('0')) : writePath(key.path);
    return kTpm + what + (key.tcti.isEmpty() ? QString() : kTcti + key.tcti);
  }
  static QString writePath(const QString& path) {
    const bool ambiguous = path.contains(u'%') || path.contains(u'?') || path.startsWith(kHandle);
    return ambiguous ? percentEncode(path.toUtf8(), QLatin1String("/")) : path;
  }
};

}  // namespace

Result<KeyAddress> KeyAddress::parse(QStringView text) {
  if (text.isEmpty() || text.size() > kMostAddressLength || text.contains(QChar(u'\0'))) {
    return invalid(QStringLiteral("The key's address is empty, longer than %1 characters, or holds a NUL.")
                       .arg(kMostAddressLength));
  }
  if (text.startsWith(kPkcs11, Qt::CaseInsensitive)) {
    SEALIFT_TRY(Pkcs11Uri uri, Pkcs11Uri::parse(text));
    return KeyAddress(std::move(uri));
  }
  if (text.startsWith(kTpm, Qt::CaseInsensitive)) {
    return parseTpm(text);
  }
  if (text.startsWith(kKeychain, Qt::CaseInsensitive)) {
    return parseKeychain(text);
  }
  if (text.startsWith(kFile, Qt::CaseInsensitive)) {
    return parseFileUrl(text);
  }
  if (hasForeignScheme(text)) {
    return invalid(QStringLiteral("Keys are not kept at such an address: %1").arg(text.left(200)));
  }
  return KeyAddress(FileKeyAddress{text.toString()});
}

KeyAddress KeyAddress::absolute() const {
  if (const auto* file = as<FileKeyAddress>()) {
    return KeyAddress(FileKeyAddress{QFileInfo(file->path).absoluteFilePath()});
  }
  if (const auto* tpm = as<TpmKeyAddress>(); tpm != nullptr && !tpm->path.isEmpty()) {
    TpmKeyAddress absolute = *tpm;
    absolute.path = QFileInfo(tpm->path).absoluteFilePath();
    return KeyAddress(absolute);
  }
  return *this;
}

QString KeyAddress::toString() const {
  return std::visit(Writer{}, keeper_);
}

}  // namespace sealift
