// A firmware image that was parsed and whose own signature was verified.
#pragma once

#include "app/base/result.h"
#include "devices/images/version.h"

#include <QByteArray>
#include <QList>
#include <QString>
#include <QStringList>

#include <optional>

namespace sealift {

// What a format's parser found and proved. `verify…` functions return this only when
// the image is intact and, where its format carries signatures, signed by one of the given keys.
struct ImageFacts {
  QString format;                          // "mcuboot", "fit"
  std::optional<Version> version;          // as the image itself says
  std::optional<quint32> securityVersion;  // as the image itself says
  QByteArray digest;                       // what the device reports for this image once stored (raw bytes)
  QString signatureAlgorithm;  // "Ed25519", "ECDSA P-256", "RSA-2048 PSS" …; empty: the format carries no signature
  QString keyId;               // hex SHA-256 of the signer's SubjectPublicKeyInfo (DER); empty without signature
  QStringList compatible;      // hardware names that the image itself carries; may be empty
  QStringList hardwareRevisions;  // revisions that the image itself names; may be empty
};

// Another way to an image's bytes, for a device that makes them itself from what it runs. What it stored is proven
// afterwards, as always.
struct DeviceDelta {
  QString kind;  // one of Capabilities::deltaKinds
  QByteArray bytes;
  QByteArray baseDigest;  // what the device reports of the firmware that it starts from
};

// One image in memory: the bytes that were hashed are the bytes that are sent.
struct Image {
  QByteArray bytes;
  QByteArray sha256;  // of bytes, raw
  ImageFacts facts;
  std::optional<DeviceDelta> delta = {};  // a driver that can't, or can't now, sends `bytes`
};

// Parses and verifies by format name. `keys`: PEM public keys, one of which must have signed where the format carries
// signatures (imageFormatIsSigned); a format without is only checked for being whole.
// Errors: ImageMalformed, ImageHashMismatch, ImageUnsigned, ImageSignatureInvalid,
// ImageUnknownKey, ImageFormatRefused (unknown format, or a legacy uImage offered as FIT).
bool imageFormatIsSigned(const QString& format);
Result<ImageFacts> verifyImage(const QString& format, const QByteArray& bytes, const QList<QByteArray>& keys);

}  // namespace sealift
