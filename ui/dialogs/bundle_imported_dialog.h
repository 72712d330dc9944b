// Tells what an offline bundle brought, and how old its vendor's word is.
#pragma once

#include "app/services/views.h"
#include "ui/dialogs/dialog_frame.h"

namespace sealift {

class BundleImportedDialog final : public DialogFrame {
  Q_OBJECT

 public:
  BundleImportedDialog(const BundleImport& imported, QWidget* parent);
};

}  // namespace sealift
