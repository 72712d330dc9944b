// Update files of SWUpdate (.swu): a cpio archive whose first two files are `sw-description` and its signature.
// Source: SWUpdate 2022.12, doc/source/swupdate.rst ("General Overview"), sw-description.rst, signed_images.rst.
//
// Stricter than SWUpdate. All of these are refused: a description in JSON or with @include, files that the description
// does not name, named files without SHA-256, files twice, names with folders, a version that is not numbers, and more
// than one signer.
#pragma once

#include "app/base/result.h"
#include "devices/images/image.h"
#include "keystore/crypto/cms_signature.h"

#include <QByteArray>
#include <QByteArrayView>
#include <QList>
#include <QString>
#include <QStringList>

namespace sealift {

// One file that the description names (an image, a plain file or a script).
struct SwuArtefact {
  QByteArray filename;
  QByteArray sha256;  // raw; of the file as it lies in the archive, be it compressed or encrypted
  QString type;       // the handler that installs it: "raw", "ubivol", "shellscript" …; may be empty
  QString version;    // of this file alone; may be empty
  QByteArrayView content;
};

struct SwuImage {
  QByteArrayView description;  // what is signed
  QByteArrayView signature;    // CMS, DER
  Version version;             // software.version
  QStringList boards;          // sections that say with which hardware they go; empty: for any
  // hardware-compatibility; empty: any, or told by a regular expression, which only the device can judge.
  QStringList hardwareRevisions;
  QList<SwuArtefact> artefacts;  // in the description's order, each file once

  const SwuArtefact* find(QByteArrayView filename) const;
};

// The archive and its description; neither signature nor hashes are checked. Views last as long as `bytes`.
// Errors: ImageMalformed, ImageUnsigned. Any thread.
Result<SwuImage> parseSwuImage(QByteArrayView bytes);

// Who signed it: what it is for is told, too, since devices are set up for the one or the other.
Result<CmsSigner> verifySwuSignature(const SwuImage& image, const QList<QByteArray>& keys);

// Everything. `keys`: PEM; public keys of signers, their certificates, or certificates of who issues those.
// The digest is the SHA-256 of the first file that the description names. Errors: see verifyImage(). Any thread.
Result<ImageFacts> verifySwuImage(QByteArrayView bytes, const QList<QByteArray>& keys);

}  // namespace sealift
