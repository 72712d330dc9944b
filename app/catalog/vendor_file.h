// The file with which a vendor introduces itself: JSON
//   {"sealiftVendor": 1, "id": "norrland", "name": "Norrland AB",
//    "addresses": ["https://updates.example/sealift/"], "root": "<base64 of root.json>",
//    "certificateAuthorities": "-----BEGIN CERTIFICATE-----\n…"}
// Schema: resources/schemas/vendor-file-v1.schema.json.
// Nothing in it is trusted until a person has compared the root's fingerprint.
#pragma once

#include "app/base/result.h"

#include <QByteArray>
#include <QString>
#include <QStringList>

namespace sealift {

inline constexpr qint64 kVendorFileMaxBytes = 1024 * 1024;

struct VendorFile {
  QString id;                   // a-z, 0-9 and '-', at most 64 characters: names the folder of its metadata
  QString name;                 // for people
  QStringList addresses;        // of the repository: https:, http: or file:
  QByteArray root;              // root.json, the exact bytes
  QByteArray authorities = {};  // PEM; by which alone its servers are proven. Empty: by those that the computer trusts

  // CatalogMalformed says what is wrong with it.
  static Result<VendorFile> parse(const QByteArray& bytes);
  QByteArray toBytes() const;
};

}  // namespace sealift
