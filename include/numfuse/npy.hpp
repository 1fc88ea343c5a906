// The .npy file format, without tensors: headers, raw data, and the checks between them.
#pragma once

#include <cstdint>
#include <fstream>
#include <istream>
#include <string>

#include <numfuse/dtype.hpp>
#include <numfuse/shape.hpp>

namespace numfuse {

/// What the header of a .npy file says.
///
/// Dtypes: all of numfuse. bfloat16 stands in files as '<V2', two bytes without a meaning, since
/// that is what np.save writes for the bfloat16 of the package ml_dtypes; np.load gives such a file
/// back as raw bytes, whose .view(ml_dtypes.bfloat16) has the numbers. float16 and bfloat16 are
/// recognised by builds without CUDA as well, though those have no such element types.
struct npy_header {
  dtype type = dtype::float64;
  shape sizes;
  bool fortran_order = false;    ///< The first index runs fastest in the data, not the last.
  std::int64_t data_offset = 0;  ///< Where the data begin, in bytes from the start of the stream.
};

/// The size of the data in bytes. Throws io_error if it overflows.
std::int64_t npy_data_bytes(const npy_header& header);

/// Opens a file to read it.
/// Throws io_error, which names the file and the cause, if it is missing, not a regular file or not
/// readable.
std::ifstream open_npy(const std::string& file);

/// Reads the header that begins at the stream's position: versions 1.0, 2.0 and 3.0, little-endian.
/// It may hold its three keys in any order, with any blanks and either kind of quotes. `file` is
/// the name that errors show.
///
/// On return the sizes are known to be sound: their product in bytes fits an int64_t, and the
/// stream holds that many bytes behind the header, so memory may be allocated for them. The header
/// itself is read only if it fits the stream and 65535 bytes. Data beyond what the header promises
/// are ignored, as np.load does.
///
/// Throws: io_error, which names the file and the cause, if any of this is not so: another format,
/// version or dtype, a malformed header, more than `max_rank` dimensions, a truncated file.
npy_header read_npy_header(std::istream& in, const std::string& file);

/// Reads the data behind a header into npy_data_bytes(header) bytes at `destination`, in the order
/// in which the file has them. Every byte of a boolean that is not 0 becomes 1.
/// Throws io_error if the stream fails or ends early.
void read_npy_data(std::istream& in, const npy_header& header, void* destination,
                   const std::string& file);

/// Writes a file of version 1.0 from data that lie without gaps in C order, or in Fortran order
/// where `fortran_order` is set. The bytes are those of np.save.
///
/// The data go to a temporary file in the same directory, which then takes the name `file`: at no
/// time does that name stand for a partial file, and where the write fails an earlier file of that
/// name stays as it was. A symbolic link is followed.
///
/// Throws io_error, which names the file and the cause, if `file` is there and not a regular file,
/// its directory cannot be written to, or the disk is full.
void write_npy(const std::string& file, dtype type, const shape& sizes, bool fortran_order,
               const void* data);

}  // namespace numfuse
