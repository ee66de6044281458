-- Written by Ansible (sitewright.grid.virt_queue): changes made here are lost.
-- Slurm's controller asks this script of each job. Jobs of the partition virt boot guests: they go to nodes that can, and
-- take one of the places that the node has for guests. No other job gets there.

local function named(list, name)
  for word in string.gmatch(list or "", "[^,]+") do
    if word == name then
      return true
    end
  end
  return false
end

local function refuse(message)
  slurm.log_user(message)
  return slurm.ERROR
end

function slurm_job_submit(job_desc, part_list, submit_uid)
  local features, tres = job_desc.features or "", job_desc.tres_per_node or ""
  if job_desc.partition == "virt" then
    if features == "" then
      job_desc.features = "kvm"
    elseif features ~= "kvm" then
      job_desc.features = "kvm&(" .. features .. ")"
    end
    if not string.find(tres, "gres[:/]vm%f[^%w]") then
      job_desc.tres_per_node = (tres ~= "" and tres .. "," or "") .. "gres/vm:1"
    end
    return slurm.SUCCESS
  end
  if named(job_desc.partition, "virt") then
    return refuse("A job that boots a guest names the partition virt alone: --partition=virt.")
  end
  if string.find(features, "%f[%w]kvm%f[^%w]") or string.find(tres, "gres[:/]vm%f[^%w]") then
    return refuse("A job that boots a guest needs --partition=virt.")
  end
  return slurm.SUCCESS
end

function slurm_job_modify(job_desc, job_rec, part_list, modify_uid)
  if job_desc.partition and (named(job_desc.partition, "virt") ~= named(job_rec.partition, "virt")) then
    return refuse("A job cannot change into the partition virt, or out of it: submit it anew.")
  end
  return slurm.SUCCESS
end

return slurm.SUCCESS
