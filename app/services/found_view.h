// Turns what was found into what people see of it.
#pragma once

#include "app/services/views.h"
#include "devices/core/device_watcher.h"
#include "devices/core/model.h"

namespace sealift {

// One thing that was found, as the models of the moment see it.
struct Found {
  LinkAddress address;
  QString identity;      // all that is told without opening it: another one at this address has another
  QString serial;        // as told on the USB; may be empty
  QString usbPlace;      // of it, or of the adapter in front of it; may be empty
  QStringList modelIds;  // vendor/model, of all that name it
  FoundView view;        // without what came of it
};

// USB first, then serial ports, then services. A device that is a serial port stands here once, as that.
QList<Found> listFound(const Surroundings& around, const QList<ModelDescription>& models);

// Words of somebody unknown on one line: without what steers a terminal or the direction of writing, and not too long.
QString shownWords(const QString& words);

}  // namespace sealift
