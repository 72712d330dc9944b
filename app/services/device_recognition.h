// Which unit of which model answers at an address. Nothing is opened that no model names: on the USB without exception,
// a serial port unless somebody asked for it.
#pragma once

#include "app/services/station_core.h"
#include "app/services/vendor_service.h"

namespace sealift {

struct Recognised {
  QString vendorId;  // empty when no model has the device's own name
  QString modelId;
  DeviceSnapshot snapshot;
};

class DeviceRecognition {
 public:
  DeviceRecognition(StationCore& core, VendorService& vendors) : core_(core), vendors_(vendors) {}

  // Whoever looks by itself must not open a serial port that it was not asked to open.
  enum class Asked { ByPerson, ByItself };

  // Every model of every added vendor.
  QList<ModelDescription> models() const;
  // `among`: vendor/model or model, one of which it must be; empty: any. DeviceNotRecognised when nothing that a
  // model speaks answers, or when no model names what is there; the device was not opened then.
  Result<Recognised> recognise(const LinkAddress& address, const QStringList& among, Asked asked,
                               const CancelToken& cancel) const;

 private:
  Result<QList<ModelDescription>> candidates(const LinkAddress& address, const QStringList& among, Asked asked) const;
  Result<QList<ModelDescription>> namedOnUsb(const LinkAddress& address, const QList<ModelDescription>& models) const;
  Result<QList<ModelDescription>> namedOnPort(const LinkAddress& address, const QList<ModelDescription>& models) const;

  StationCore& core_;
  VendorService& vendors_;
};

}  // namespace sealift
