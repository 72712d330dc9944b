// Whom this station trusts, and its own key.
#pragma once

#include "app/base/clock.h"
#include "app/services/station.h"
#include "ui/views/page.h"

#include <QHash>
#include <QSet>

namespace sealift {

class Banner;
class EmptyState;
class KeyValueGrid;
class VendorCard;

class VendorsPage final : public Page {
  Q_OBJECT

 public:
  VendorsPage(Station& station, const Clock& clock, QWidget* parent = nullptr);

  void refresh() override;
  // A vendor file: asks for confirmation of its fingerprint. An offline bundle: takes what it holds.
  void openFile(const QString& path);
  void setHomeMode(bool home);

 private:
  void load();
  void chooseFile();
  void openVendorFile(const QString& path);
  void importBundle(const QString& path);
  void refreshVendor(const QString& id);
  void removeVendor(const QString& id);

  Station& station_;
  const Clock& clock_;
  Banner* error_;
  QPushButton* import_;
  QVBoxLayout* cardsLayout_;
  EmptyState* empty_;
  KeyValueGrid* stationFacts_;
  QHash<QString, VendorCard*> cards_;
  QSet<QString> refreshing_;
  QHash<QString, Error> refreshErrors_;
};

}  // namespace sealift
