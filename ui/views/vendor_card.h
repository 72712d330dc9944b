// One vendor: whom Sealift trusts, how fresh its metadata is, and its roles.
#pragma once

#include "app/services/views.h"
#include "ui/widgets/card.h"

class QPushButton;

namespace sealift {

class Banner;

class VendorCard final : public Card {
  Q_OBJECT

 public:
  VendorCard(const VendorView& vendor, const QDateTime& now, QWidget* parent = nullptr);

  void setBusy(bool busy);
  void showError(const Error& error);

 Q_SIGNALS:
  void refreshRequested(const QString& id);
  void removeRequested(const QString& id);

 private:
  QPushButton* refresh_;
  QPushButton* remove_;
  Banner* problem_;
};

}  // namespace sealift
