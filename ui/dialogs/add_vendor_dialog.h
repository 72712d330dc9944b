// Shows whom a vendor file asks to trust, and trusts only after an explicit yes to the fingerprint.
#pragma once

#include "app/services/station.h"
#include "ui/dialogs/dialog_frame.h"

class QCheckBox;

namespace sealift {

class AddVendorDialog final : public DialogFrame {
  Q_OBJECT

 public:
  AddVendorDialog(Station& station, const VendorCandidate& candidate, QWidget* parent);

 private:
  void trust();

  Station& station_;
  VendorCandidate candidate_;
  QCheckBox* confirmed_;
  QPushButton* ok_;
};

}  // namespace sealift
