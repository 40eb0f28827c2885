// What kernels need to be made for a device.
#pragma once

namespace lossmith {

class Device;
class Products;
class KernelCache;

struct DeviceSetup {
  Device& device;
  Products& products;
  KernelCache& kernels;
};

}  // namespace lossmith
