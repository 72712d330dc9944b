// What an update would do to one device, with every check's answer, before anyone consents.
#pragma once

#include "app/catalog/release.h"
#include "app/policy/check.h"
#include "devices/core/device.h"
#include "devices/core/model.h"

#include <QJsonObject>
#include <QList>
#include <QString>

namespace sealift {

// How the image comes to this computer and on to the device, and why so. Not part of what is agreed to: whichever way
// it takes, the same bytes are verified before and after.
struct Delivery {
  qint64 downloadBytes = 0;  // for this plan; 0: kept from before
  QString download;          // in words
  qint64 sendBytes = 0;      // to the device, at most
  QString send;              // in words
};

struct Plan {
  QString deviceId;
  QString deviceName;  // for people
  LinkAddress address;
  ModelDescription model;
  QString vendorName;
  DeviceSnapshot device;  // as it was when the plan was made
  Release release;
  QString notesMarkdown;  // cumulative, from the installed version to this release, newest first
  QString notesHash;      // lower-case hex SHA-256 of notesMarkdown in UTF-8
  QList<Check> checks;    // metadata and image first, then the policy's
  std::optional<quint32> highestSecurityVersionSeen = {};  // what the station remembers of the unit
  std::optional<DowngradeTerms> downgrade = {};            // nothing: an update
  bool canFallBack = false;
  bool eraseEverything = false;  // agreed to apart from the rest: the device's read-out protection is taken off
  int expectedSeconds = 0;
  Delivery delivery;

  bool allowed() const { return firstFailure(checks) == nullptr; }
  QString fromVersion() const;

  // resources/schemas/plan-v1.schema.json; holds the digest.
  QJsonObject toJson() const;
  // Lower-case hex SHA-256 over the canonical JSON of everything that was decided: which unit (by
  // serial number, or by address where it has none), from what, to which bytes, with which notes and
  // which answers. Not over what changes by itself: times, metadata versions, the spare slot's content, this
  // computer's battery.
  QString digest() const;
};

}  // namespace sealift
